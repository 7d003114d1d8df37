//! The client against servers on the loopback interface, and against addresses it must not connect
//! to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, Uri};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const LIMIT: usize = 64 << 10;

/// A server that reads a request and does something, once for each connection.
struct Server {
    port: u16,
    served: Arc<AtomicUsize>,
}

impl Server {
    async fn that<F>(answer: impl Fn(TcpStream, String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::new(AtomicUsize::new(0));
        let count = served.clone();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut request = vec![0; 4096];
                let length = connection.read(&mut request).await.unwrap_or_default();
                request.truncate(length);
                tokio::spawn(answer(connection, String::from_utf8_lossy(&request).into_owned()));
            }
        });
        Self { port, served }
    }

    /// One that answers this.
    async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::that(move |mut connection, _| {
            let answer = answer.clone();
            async move {
                // The client may hang up before the end.
                let _ = connection.write_all(&answer).await;
            }
        })
        .await
    }

    fn url(&self, host: &str) -> Uri {
        format!("http://{host}:{}/path?query", self.port).parse().unwrap()
    }

    fn get(&self, host: &str) -> FetchRequest {
        FetchRequest::get(self.url(host), LIMIT)
    }

    fn connections(&self) -> usize {
        self.served.load(Ordering::SeqCst)
    }
}

/// A client that may connect to the server, because its host was listed by name.
fn allowed(server: &Server) -> HttpFetch {
    HttpFetch::new().allow_host("localhost").allow_port(server.port)
}

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

#[tokio::test]
async fn a_document_is_fetched_with_what_http_says_of_it() {
    let headers = "Content-Type: application/pkix-crl\r\nCache-Control: max-age=60\r\n";
    let server = Server::saying(ok(headers, "document")).await;
    let answer = allowed(&server).fetch(server.get("localhost")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.is("application/pkix-crl"));
    assert_eq!(answer.max_age(), Some(Duration::from_secs(60)));
    assert_eq!(answer.body(), "document");
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let server = Server::saying(missing).await;
    let answer = allowed(&server).fetch(server.get("localhost")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_request_is_what_was_asked_and_carries_nothing_else() {
    let server = Server::that(|mut connection, request| async move {
        let _ = connection.write_all(ok("", &request).as_bytes()).await;
    })
    .await;
    let fetch = allowed(&server);
    let answer = fetch.fetch(server.get("localhost")).await.unwrap();
    let sent = String::from_utf8(answer.body().to_vec()).unwrap().to_ascii_lowercase();
    assert!(sent.starts_with("get /path?query http/1.1\r\n"), "{sent}");
    assert!(sent.contains(&format!("\r\nhost: localhost:{}\r\n", server.port)), "{sent}");
    for header in ["cookie", "authorization", "accept-encoding", "content-type"] {
        assert!(!sent.contains(header), "{sent}");
    }
    let post = FetchRequest::post(server.url("localhost"), "a/b", Bytes::from("body"), LIMIT);
    let answer = fetch.fetch(post.accept("c/d")).await.unwrap();
    let sent = String::from_utf8(answer.body().to_vec()).unwrap().to_ascii_lowercase();
    assert!(sent.starts_with("post /path?query http/1.1\r\n"), "{sent}");
    assert!(sent.contains("content-type: a/b\r\n") && sent.contains("accept: c/d\r\n"), "{sent}");
}

#[tokio::test]
async fn nobody_follows_a_redirect() {
    let inside = Server::saying(ok("", "metadata")).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let to = inside.url("127.0.0.1");
        let redirect = format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let server = Server::saying(redirect).await;
        let fetch = allowed(&server).allow_port(inside.port);
        let error = fetch.fetch(server.get("localhost")).await.unwrap_err();
        assert_eq!(error, FetchError::Redirect, "{status}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn no_more_is_read_than_was_asked_for() {
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n".to_owned();
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n".to_owned();
    let until_closed = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned();
    for head in [announced, chunked, until_closed] {
        let body = vec![b'x'; 10 << 20];
        let server = Server::saying([head.as_bytes(), &body].concat()).await;
        let error = allowed(&server).fetch(server.get("localhost")).await.unwrap_err();
        assert_eq!(error, FetchError::TooLarge { limit: LIMIT }, "{head}");
    }
    let server = Server::saying(ok("", &"x".repeat(LIMIT))).await;
    let answer = allowed(&server).fetch(server.get("localhost")).await.unwrap();
    assert_eq!(answer.body().len(), LIMIT);
}

#[tokio::test]
async fn an_endless_head_is_not_read_to_its_end() {
    let head = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let server = Server::saying(head).await;
    let error = allowed(&server).fetch(server.get("localhost")).await.unwrap_err();
    assert!(matches!(error, FetchError::Protocol(_)), "{error}");
}

#[tokio::test]
async fn whoever_is_slow_is_not_waited_for() {
    let silent = Server::that(|connection, _| async move {
        std::future::pending::<()>().await;
        drop(connection);
    })
    .await;
    let (connect, total) = (Duration::from_secs(60), Duration::from_millis(200));
    let hasty = |server: &Server| allowed(server).timeouts(connect, total);
    let error = hasty(&silent).fetch(silent.get("localhost")).await.unwrap_err();
    assert_eq!(error, FetchError::Timeout);
    // A byte now and then does not help.
    let dripping = Server::that(|mut connection, _| async move {
        let _ = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await;
        while connection.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let error = hasty(&dripping).fetch(dripping.get("localhost")).await.unwrap_err();
    assert_eq!(error, FetchError::Timeout);
}

#[tokio::test]
async fn what_breaks_off_or_is_no_http_is_an_error() {
    for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "SSH-2.0-server\r\n", ""] {
        let server = Server::saying(answer).await;
        let error = allowed(&server).fetch(server.get("localhost")).await.unwrap_err();
        assert!(matches!(error, FetchError::Protocol(_)), "{answer}: {error}");
    }
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let server = Server { port: closed.local_addr().unwrap().port(), served: Arc::default() };
    drop(closed);
    let error = allowed(&server).fetch(server.get("localhost")).await.unwrap_err();
    assert!(matches!(error, FetchError::Connect(_)), "{error}");
}

#[tokio::test]
async fn addresses_inside_are_refused_after_the_name_was_resolved() {
    let server = Server::saying(ok("", "inside")).await;
    let fetch = || HttpFetch::new().allow_port(server.port);
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1"] {
        let error = fetch().fetch(server.get(host)).await.unwrap_err();
        assert_eq!(error, FetchError::AddressRefused, "{host}");
    }
    assert_eq!(server.connections(), 0);
    // Another name for the same place was not listed.
    let error = allowed(&server).fetch(server.get("127.0.0.1")).await.unwrap_err();
    assert_eq!(error, FetchError::AddressRefused);
    for network in ["127.0.0.0/8", "127.0.0.1"] {
        let fetch = fetch().allow_network(network).unwrap();
        assert!(fetch.fetch(server.get("127.0.0.1")).await.is_ok(), "{network}");
    }
    assert!(fetch().allow_network("127.0.0.1/33").is_err());
    let error = fetch().allow_network("10.0.0.0/8").unwrap().fetch(server.get("127.0.0.1")).await;
    assert_eq!(error.unwrap_err(), FetchError::AddressRefused);
}

#[test]
fn a_name_that_is_resolved_to_several_addresses_leads_only_to_the_public_ones() {
    let address = |text: &str| SocketAddr::from((text.parse::<IpAddr>().unwrap(), 80));
    let found =
        || vec![address("10.0.0.1"), address("8.8.8.8"), address("::1"), address("fe80::1")];
    let fetch = HttpFetch::new();
    assert_eq!(fetch.permitted("ca.example", found()), [address("8.8.8.8")]);
    let fetch = fetch.allow_host("Own.example").allow_network("10.0.0.0/24").unwrap();
    assert_eq!(fetch.permitted("ca.example", found()), [address("10.0.0.1"), address("8.8.8.8")]);
    assert_eq!(fetch.permitted("own.EXAMPLE", found()), found());
    let mapped = || vec![address("::ffff:10.0.0.7"), address("::ffff:10.0.1.7")];
    assert_eq!(fetch.permitted("ca.example", mapped()), [address("::ffff:10.0.0.7")]);
}

#[tokio::test]
async fn what_is_no_address_for_this_client_is_refused_before_anything_is_resolved() {
    let fetch = HttpFetch::new().allow_host("localhost");
    let ask = |url: &'static str| {
        let request = FetchRequest::get(Uri::from_static(url), LIMIT);
        let fetch = fetch.clone();
        async move { fetch.fetch(request).await.unwrap_err() }
    };
    assert!(matches!(ask("/relative").await, FetchError::Url(_)));
    assert!(matches!(ask("ftp://localhost/").await, FetchError::Url("neither http nor https")));
    assert!(matches!(ask("ldap://localhost/").await, FetchError::Url(_)));
    assert!(matches!(ask("http://user@localhost/").await, FetchError::Url("a user's name")));
    assert!(matches!(
        ask("https://localhost/").await,
        FetchError::Url("https, and no TLS was given")
    ));
    assert_eq!(ask("http://localhost:443/").await, FetchError::PortRefused(443));
    assert_eq!(ask("http://localhost:22/").await, FetchError::PortRefused(22));
}

#[tokio::test]
async fn only_hosts_that_are_listed_are_asked_where_there_is_a_list() {
    let server = Server::saying(ok("", "document")).await;
    let fetch = allowed(&server).only_hosts(["LocalHost"]);
    assert!(fetch.fetch(server.get("localhost")).await.is_ok());
    assert!(fetch.fetch(server.get("LOCALHOST")).await.is_ok());
    let error = fetch.fetch(server.get("other.example")).await.unwrap_err();
    assert_eq!(error, FetchError::HostRefused);
    let nobody = allowed(&server).only_hosts([""; 0]);
    let error = nobody.fetch(server.get("localhost")).await.unwrap_err();
    assert_eq!(error, FetchError::HostRefused);
}

/// "TLS" that only says whom it was made for.
struct Named;

impl Secure for Named {
    fn secure(
        &self,
        host: &str,
        mut connection: TcpStream,
    ) -> BoxFuture<'static, std::io::Result<Box<dyn Stream>>> {
        let hello = format!("hello {host}");
        Box::pin(async move {
            connection.write_all(hello.as_bytes()).await?;
            Ok(Box::new(connection) as Box<dyn Stream>)
        })
    }
}

#[tokio::test]
async fn https_goes_over_the_tls_that_was_given_for_the_host_of_the_address() {
    let server = Server::that(|mut connection, hello| async move {
        assert_eq!(hello, "hello localhost");
        let mut request = vec![0; 4096];
        let _ = connection.read(&mut request).await;
        let _ = connection.write_all(ok("", "secret").as_bytes()).await;
    })
    .await;
    let url = format!("https://localhost:{}/", server.port).parse().unwrap();
    let request = FetchRequest::get(url, LIMIT);
    let answer = allowed(&server).over_tls(Named).fetch(request.clone()).await.unwrap();
    assert_eq!(answer.body(), "secret");
    let refused = HttpFetch::new().allow_port(server.port).over_tls(Named);
    assert_eq!(refused.fetch(request).await.unwrap_err(), FetchError::AddressRefused);
}

//! The provider: what it sends, and what it checks of the answers.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, Method};
use serde_json::{Value, json};
use tower_open_banking::authorize::{NewRequestObject, RequestClaims};
use tower_open_banking::client_auth::{ClientAssertions, CodeVerifier, Parameters};
use tower_open_banking::config::{Binding, Method as By, ServerClient, ServerProfile};
use tower_open_banking::context::{Clock, SystemClock};
use tower_open_banking::crypto::{Algorithm, SigningKey};
use tower_open_banking::jose::{Accept, Compact, KeySet, half_hash};
use tower_open_banking::token::dpop::NewProof;
use uuid::Uuid;

use super::Anything;
use super::file::ServerFile;
use super::http::{Http, Reply};

/// A client of the server, and what it knows of it.
pub struct Provider {
    entry: ServerClient,
    profile: ServerProfile,
    discovery: Value,
    root: Vec<u8>,
    http: Http,
    key: Arc<SigningKey>,
    kid: String,
    algorithm: Algorithm,
    server_keys: KeySet,
}

/// A request that the server keeps, and what its answer is compared with.
pub struct Pushed {
    pub request_uri: String,
    state: String,
    nonce: String,
    verifier: CodeVerifier,
}

impl Provider {
    /// Reads the client's files and the server's discovery document.
    pub async fn open(folder: &Path, client_id: &str) -> Anything<Self> {
        let file = ServerFile::read(&folder.join("server.toml"))?;
        let entry = file.client.into_iter().find(|entry| entry.client_id == client_id);
        let entry = entry.ok_or_else(|| format!("no client {client_id} in server.toml"))?;
        let root = fs::read(folder.join("authority.pem"))?;
        let certificate = fs::read(folder.join(format!("{client_id}.pem")))?;
        let key = fs::read(folder.join(format!("{client_id}.key")))?;
        let http = Http::new(&root, Some((&certificate, &key)))?;
        let address = format!("{}/.well-known/openid-configuration", file.issuer);
        let discovery = http.get(&address, &[]).await?.json()?;
        if discovery["issuer"] != file.issuer {
            return Err("the document is of another issuer".into());
        }
        let jwks = discovery["jwks_uri"].as_str().ok_or("no jwks_uri")?;
        let server_keys = KeySet::parse(&http.get(jwks, &[]).await?.body)?;
        let signing = fs::read(folder.join(format!("{client_id}-signing.key")))?;
        let algorithm = entry.algorithms.first().and_then(|name| Algorithm::from_name(name));
        let algorithm = algorithm.ok_or("no such algorithm")?;
        Ok(Self {
            kid: format!("{client_id}-sig"),
            key: Arc::new(SigningKey::from_pem(&signing)?),
            profile: file.profile,
            entry,
            discovery,
            root,
            http,
            algorithm,
            server_keys,
        })
    }

    /// Another client of the same server, who came by a token.
    pub async fn stranger(&self, folder: &Path) -> Anything<Self> {
        let name = match self.entry.client_id.as_str() {
            "client-2" => "client-1",
            _ => "client-2",
        };
        Self::open(folder, name).await
    }

    pub fn client_id(&self) -> &str {
        &self.entry.client_id
    }

    pub fn root(&self) -> &[u8] {
        &self.root
    }

    pub fn issuer(&self) -> &str {
        self.discovery["issuer"].as_str().unwrap_or_default()
    }

    pub fn endpoint(&self, name: &str) -> Anything<&str> {
        Ok(self.discovery[name].as_str().ok_or_else(|| format!("no {name}"))?)
    }

    /// Asks for a consent, where the profile has them.
    pub async fn consent(&self) -> Anything<Option<String>> {
        if self.profile != ServerProfile::Uk {
            return Ok(None);
        }
        let form = [("grant_type", "client_credentials"), ("scope", "accounts")];
        let answer =
            self.token(form.map(|(name, value)| (name, value.to_owned()))).await?.json()?;
        let token = answer["access_token"].as_str().ok_or("no token for itself")?;
        let url = format!("{}/open-banking/v3.1/aisp/account-access-consents", self.issuer());
        let body = json!({ "Data": { "Permissions": ["ReadAccountsBasic"] }, "Risk": {} });
        let mut headers = self.authorized(Method::POST, &url, token)?;
        headers.push((CONTENT_TYPE, "application/json".to_owned()));
        let created = self.http.send("POST", &url, &headers, body.to_string().into()).await?;
        let id = created.json()?["Data"]["ConsentId"].as_str().map(str::to_owned);
        Ok(Some(id.ok_or_else(|| format!("no consent: {}", created.text()))?))
    }

    /// Pushes a request for the accounts.
    pub async fn push(&self, intent: Option<&str>) -> Anything<Pushed> {
        let (state, nonce) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let verifier = CodeVerifier::random()?;
        let mut claims = RequestClaims::default();
        claims.client_id = Some(self.client_id().to_owned());
        claims.redirect_uri = Some(self.redirect_uri()?.to_owned());
        claims.scope = Some("openid accounts".to_owned());
        claims.state = Some(state.clone());
        claims.nonce = Some(nonce.clone());
        claims.prove_by(&verifier.challenge());
        if let Some(intent) = intent {
            claims.demand_intent(intent);
        }
        let parameters = match self.profile {
            ServerProfile::Fapi2 => {
                claims.response_type = Some("code".to_owned());
                plain(&claims)?
            }
            _ => {
                claims.response_type = Some("code id_token".to_owned());
                let maker = NewRequestObject::of(self.client_id(), self.issuer());
                let now = SystemClock.now();
                let object = maker.sign(claims, &self.key, self.algorithm, &self.kid, now)?;
                vec![("request".to_owned(), object)]
            }
        };
        let url = self.endpoint("pushed_authorization_request_endpoint")?;
        let answer = self.post(url, parameters).await?;
        let request_uri = answer.json()?["request_uri"].as_str().map(str::to_owned);
        let request_uri = request_uri.ok_or_else(|| format!("refused: {}", answer.text()))?;
        Ok(Pushed { request_uri, state, nonce, verifier })
    }

    /// The code of an answer that is for this request and from this server.
    pub async fn code(&self, pushed: &Pushed, location: &str) -> Anything<String> {
        let rest = location.strip_prefix(self.redirect_uri()?).ok_or("sent elsewhere")?;
        let answer = Parameters::parse(rest.trim_start_matches(['?', '#', '&']).as_bytes())?;
        if let Some(error) = answer.get("error") {
            return Err(error.into());
        }
        if answer.get("state") != Some(&pushed.state) || answer.get("iss") != Some(self.issuer()) {
            return Err("another state, or another server (RFC 9207)".into());
        }
        let code = answer.get("code").ok_or("no code")?;
        if self.profile != ServerProfile::Fapi2 {
            let token = answer.get("id_token").ok_or("no ID token")?;
            self.judge(token, pushed, code)?;
        }
        Ok(code.to_owned())
    }

    /// FAPI 1.0 Advanced, 5.1.1: the ID token is the signature of the answer.
    fn judge(&self, token: &str, pushed: &Pushed, code: &str) -> Anything<()> {
        let jws = Compact::parse(token)?;
        let kid = jws.header().key_id().ok_or("no kid")?;
        let key = self.server_keys.get(kid).ok_or("no such key")?;
        let verified = jws.verify(key, Accept::algorithms(&[Algorithm::Ps256]))?;
        let claims: Value = serde_json::from_slice(verified.payload())?;
        let hash = |text: &str| half_hash(Algorithm::Ps256, text).ok_or("no hash");
        for (claim, due) in [
            ("iss", self.issuer().to_owned()),
            ("aud", self.client_id().to_owned()),
            ("nonce", pushed.nonce.clone()),
            ("c_hash", hash(code)?),
            ("s_hash", hash(&pushed.state)?),
        ] {
            if claims[claim] != due {
                return Err(format!("another {claim} in the ID token").into());
            }
        }
        Ok(())
    }

    /// Redeems a code.
    pub async fn redeem(&self, pushed: &Pushed, code: &str) -> Anything<Reply> {
        self.token([
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.redirect_uri()?.to_owned()),
            ("code_verifier", pushed.verifier.as_str().to_owned()),
        ])
        .await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, token: &str) -> Anything<Reply> {
        let grant = ("grant_type", "refresh_token".to_owned());
        self.token([grant, ("refresh_token", token.to_owned())]).await
    }

    /// Reads the accounts.
    pub async fn accounts(&self, token: &str) -> Anything<Reply> {
        let url = format!("{}/accounts", self.issuer());
        let headers = self.authorized(Method::GET, &url, token)?;
        self.http.get(&url, &headers).await
    }

    async fn token<const N: usize>(&self, form: [(&'static str, String); N]) -> Anything<Reply> {
        let form = form.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.post(self.endpoint("token_endpoint")?, form).await
    }

    /// Sends a form in the name of this client.
    async fn post(&self, url: &str, mut form: Vec<(String, String)>) -> Anything<Reply> {
        form.retain(|(name, _)| name != "client_id");
        match self.entry.authentication {
            By::PrivateKeyJwt => {
                let assertions = ClientAssertions::of(
                    self.client_id(),
                    self.key.clone(),
                    &self.kid,
                    self.algorithm,
                );
                let proof = assertions.parameters(self.issuer(), SystemClock.now())?;
                form.extend(proof.map(|(name, value)| (name.to_owned(), value)));
            }
            _ => {
                form.push(("client_id".to_owned(), self.client_id().to_owned()));
            }
        }
        let headers: Vec<_> = self.proof(Method::POST, url, None)?.into_iter().collect();
        self.http.post(url, Parameters::from_iter(form).to_string(), &headers).await
    }

    fn authorized(
        &self,
        method: Method,
        url: &str,
        token: &str,
    ) -> Anything<Vec<(HeaderName, String)>> {
        let proof = self.proof(method, url, Some(token))?;
        let scheme = if proof.is_some() { "DPoP" } else { "Bearer" };
        let mut headers = vec![(AUTHORIZATION, format!("{scheme} {token}"))];
        headers.extend(proof);
        Ok(headers)
    }

    /// A DPoP proof, where the client's tokens are bound so.
    fn proof(
        &self,
        method: Method,
        url: &str,
        token: Option<&str>,
    ) -> Anything<Option<(HeaderName, String)>> {
        if self.entry.constraint != Binding::Dpop {
            return Ok(None);
        }
        let mut proof = NewProof::of(method, &url.parse()?, SystemClock.now());
        if let Some(token) = token {
            proof = proof.beside(token);
        }
        let proof = proof.sign(&self.key, self.algorithm)?;
        Ok(Some((HeaderName::from_static("dpop"), proof.to_str()?.to_owned())))
    }

    fn redirect_uri(&self) -> Anything<&str> {
        Ok(self.entry.redirect_uris.first().ok_or("no redirection URI")?)
    }
}

/// The claims as parameters, without an object around them.
fn plain(claims: &RequestClaims) -> Anything<Vec<(String, String)>> {
    let Value::Object(members) = serde_json::to_value(claims)? else {
        return Err("no claims".into());
    };
    let text = |(name, value): (String, Value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    };
    Ok(members.into_iter().map(text).collect())
}

//! Signed lists for tests, written in canonical form: their digests do not depend on the code that
//! is tested.

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer as OpenSsl};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::cert::test_pki::{DAY, ISSUING, NOW};
use crate::cert::time::to_rfc3339;

pub(in crate::eidas) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(in crate::eidas) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(in crate::eidas) const ENVELOPED: &str =
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(in crate::eidas) const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
pub(in crate::eidas) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(in crate::eidas) const ECDSA_SHA256: &str =
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const SERVICE_INFORMATION: &str =
    "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#";
const TYPES: &str = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/";
const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";

/// A list that is in order, of which a test changes something.
#[derive(Clone)]
pub(in crate::eidas) struct TestList {
    pub(in crate::eidas) version: &'static str,
    pub(in crate::eidas) sequence: u64,
    pub(in crate::eidas) kind: &'static str,
    pub(in crate::eidas) territory: &'static str,
    pub(in crate::eidas) issued: u64,
    pub(in crate::eidas) next_update: Option<u64>,
    pub(in crate::eidas) pointers: Vec<String>,
    pub(in crate::eidas) services: Vec<String>,
}

impl TestList {
    pub(in crate::eidas) fn national(territory: &'static str, services: Vec<String>) -> Self {
        Self {
            version: "5",
            sequence: 7,
            kind: "EUgeneric",
            territory,
            issued: NOW - 3600,
            next_update: Some(NOW + 90 * DAY),
            pointers: Vec::new(),
            services,
        }
    }

    pub(in crate::eidas) fn of_lists(pointers: Vec<String>) -> Self {
        let national = Self::national("EU", Vec::new());
        Self { kind: "EUlistofthelists", pointers, ..national }
    }

    pub(in crate::eidas) fn xml(&self) -> String {
        let time = |seconds| {
            to_rfc3339(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
        };
        let next = self.next_update.map(|end| format!("<dateTime>{}</dateTime>", time(end)));
        let providers = match self.services.is_empty() {
            true => String::new(),
            false => format!(
                "<TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName>\
                 <Name xml:lang=\"pt\">Prestador</Name><Name xml:lang=\"en\">Provider</Name>\
                 </TSPName></TSPInformation><TSPServices>{}</TSPServices></TrustServiceProvider>\
                 </TrustServiceProviderList>",
                self.services.concat()
            ),
        };
        format!(
            "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\" Id=\"list\">\
             <SchemeInformation><TSLVersionIdentifier>{}</TSLVersionIdentifier>\
             <TSLSequenceNumber>{}</TSLSequenceNumber><TSLType>{TYPES}{}</TSLType>\
             <SchemeTerritory>{}</SchemeTerritory>\
             <PointersToOtherTSL>{}</PointersToOtherTSL>\
             <ListIssueDateTime>{}</ListIssueDateTime><NextUpdate>{}</NextUpdate>\
             </SchemeInformation>{providers}</TrustServiceStatusList>",
            self.version,
            self.sequence,
            self.kind,
            self.territory,
            self.pointers.concat(),
            time(self.issued),
            next.unwrap_or_default(),
        )
    }

    pub(in crate::eidas) fn signed_by(&self, signer: &TestSigner) -> Vec<u8> {
        envelope(&self.xml(), &signer.signs(&self.xml(), |_| {})).into_bytes()
    }
}

pub(in crate::eidas) fn pointer(
    kind: &str,
    territory: &str,
    signers: &[&CertificateDer<'_>],
) -> String {
    let identity = |certificate: &&CertificateDer<'_>| {
        format!(
            "<ServiceDigitalIdentity><DigitalId><X509Certificate>{}</X509Certificate></DigitalId>\
             </ServiceDigitalIdentity>",
            STANDARD.encode(certificate)
        )
    };
    format!(
        "<OtherTSLPointer><ServiceDigitalIdentities>{}</ServiceDigitalIdentities>\
         <TSLLocation>https://lists.example/{territory}.xml</TSLLocation><AdditionalInformation>\
         <OtherInformation><TSLType>{TYPES}{kind}</TSLType></OtherInformation>\
         <OtherInformation><SchemeTerritory>{territory}</SchemeTerritory></OtherInformation>\
         <OtherInformation><a:MimeType xmlns:a=\"http://uri.etsi.org/02231/v2/additionaltypes#\">\
         application/vnd.etsi.tsl+xml</a:MimeType></OtherInformation>\
         </AdditionalInformation></OtherTSLPointer>",
        signers.iter().map(identity).collect::<String>()
    )
}

/// A service that is granted for websites, but for its extensions and its history.
pub(in crate::eidas) fn service(
    certificate: &CertificateDer<'_>,
    extensions: &[String],
    history: &[String],
) -> String {
    format!(
        "<TSPService><ServiceInformation>{}{}\
         <ServiceDigitalIdentity><DigitalId><X509Certificate>{}</X509Certificate></DigitalId>\
         <DigitalId><X509SubjectName>CN=Issuing</X509SubjectName></DigitalId>\
         </ServiceDigitalIdentity></ServiceInformation><ServiceHistory>{}</ServiceHistory>\
         </TSPService>",
        "<ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>\
         <ServiceName><Name xml:lang=\"en\">Service</Name></ServiceName>",
        standing("granted", "2020-01-01T00:00:00Z", extensions),
        STANDARD.encode(certificate),
        history.concat(),
    )
}

/// An entry of the history.
pub(in crate::eidas) fn instance(status: &str, since: &str, extensions: &[String]) -> String {
    format!(
        "<ServiceHistoryInstance><ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC\
         </ServiceTypeIdentifier>{}</ServiceHistoryInstance>",
        standing(status, since, extensions)
    )
}

fn standing(status: &str, since: &str, extensions: &[String]) -> String {
    format!(
        "<ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/{status}</ServiceStatus>\
         <StatusStartingTime>{since}</StatusStartingTime>\
         <ServiceInformationExtensions>{}</ServiceInformationExtensions>",
        extensions.concat()
    )
}

pub(in crate::eidas) fn extension(critical: &str, content: &str) -> String {
    format!("<Extension Critical=\"{critical}\">{content}</Extension>")
}

/// `ForWebSiteAuthentication` and the like.
pub(in crate::eidas) fn purpose(name: &str) -> String {
    let uri = format!("http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/{name}");
    let content = format!(
        "<AdditionalServiceInformation><URI xml:lang=\"en\">{uri}</URI>\
         </AdditionalServiceInformation>"
    );
    extension("true", &content)
}

/// One `QualificationElement` with these criteria.
pub(in crate::eidas) fn qualification(qualifiers: &[&str], criteria: &str) -> String {
    let qualifier = |name: &&str| {
        let uri = format!("http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/{name}");
        format!("<q:Qualifier uri=\"{uri}\"></q:Qualifier>")
    };
    let qualifiers: String = qualifiers.iter().map(qualifier).collect();
    let content = format!(
        "<q:Qualifications xmlns:q=\"{SERVICE_INFORMATION}\"><q:QualificationElement>\
         <q:Qualifiers>{qualifiers}</q:Qualifiers>{criteria}</q:QualificationElement>\
         </q:Qualifications>"
    );
    extension("true", &content)
}

/// Who signs lists.
pub(in crate::eidas) struct TestSigner {
    key: PKey<Private>,
    pub(in crate::eidas) certificate: CertificateDer<'static>,
}

/// How a signature is made, of which a test changes something.
pub(in crate::eidas) struct Form {
    pub(in crate::eidas) uri: String,
    pub(in crate::eidas) transforms: Vec<String>,
    pub(in crate::eidas) digest_method: &'static str,
    /// Canonical, without its digest.
    pub(in crate::eidas) canonicalization: String,
    pub(in crate::eidas) method: &'static str,
    /// Another reference, behind the two.
    pub(in crate::eidas) another: String,
    pub(in crate::eidas) properties_type: &'static str,
    pub(in crate::eidas) properties_uri: &'static str,
    pub(in crate::eidas) properties_transforms: Vec<String>,
    /// No transforms of the properties, and the digest that goes with it.
    pub(in crate::eidas) inclusive_properties: bool,
    /// `SigningCertificate`, one or more, with method and digest.
    pub(in crate::eidas) names: Vec<(&'static str, &'static str, Vec<u8>)>,
    pub(in crate::eidas) key_info: Vec<CertificateDer<'static>>,
}

impl TestSigner {
    pub(in crate::eidas) fn with(key: PKey<Private>) -> Self {
        let certificate = ISSUING.issues_by_openssl(&key, MessageDigest::sha256(), |_| {});
        Self { key, certificate }
    }

    /// Signs a list, which is canonical.
    pub(in crate::eidas) fn signs(&self, list: &str, edit: impl FnOnce(&mut Form)) -> String {
        let digest = |bytes: &[u8]| hash(MessageDigest::sha256(), bytes).unwrap().to_vec();
        let mut form = Form {
            uri: String::new(),
            transforms: vec![transform(ENVELOPED), transform(EXCLUSIVE)],
            digest_method: SHA256,
            canonicalization: canonicalization(EXCLUSIVE, ""),
            method: ECDSA_SHA256,
            another: String::new(),
            properties_type: "http://uri.etsi.org/01903#SignedProperties",
            properties_uri: "#properties",
            properties_transforms: vec![transform(EXCLUSIVE)],
            inclusive_properties: false,
            names: vec![("SigningCertificate", SHA256, digest(&self.certificate))],
            key_info: vec![self.certificate.clone()],
        };
        edit(&mut form);
        let properties = form.properties();
        let hashed = |bytes: &str| {
            let method = match form.digest_method {
                SHA1 => MessageDigest::sha1(),
                method if method.ends_with("sha384") => MessageDigest::sha384(),
                method if method.ends_with("sha512") => MessageDigest::sha512(),
                _ => MessageDigest::sha256(),
            };
            STANDARD.encode(hash(method, bytes.as_bytes()).unwrap())
        };
        let reference = |attributes: &str, transforms: &[String], digest: &str| {
            format!(
                "<ds:Reference{attributes}><ds:Transforms>{}</ds:Transforms><ds:DigestMethod \
                 Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue>\
                 </ds:Reference>",
                transforms.concat(),
                form.digest_method,
            )
        };
        let mut digested = properties.clone();
        if form.inclusive_properties {
            form.properties_transforms.clear();
            let own = format!(" xmlns:xades=\"{XADES}\"");
            let all = format!(" xmlns=\"http://uri.etsi.org/02231/v2#\" xmlns:ds=\"{DS}\"{own}");
            digested = digested.replace(&format!(" xmlns:ds=\"{DS}\""), "").replace(&own, &all);
        }
        let signed_info = format!(
            "<ds:SignedInfo xmlns:ds=\"{DS}\">{}<ds:SignatureMethod Algorithm=\"{}\">\
             </ds:SignatureMethod>{}{}{}</ds:SignedInfo>",
            form.canonicalization,
            form.method,
            reference(&format!(" URI=\"{}\"", form.uri), &form.transforms, &hashed(list)),
            reference(
                &format!(" Type=\"{}\" URI=\"{}\"", form.properties_type, form.properties_uri),
                &form.properties_transforms,
                &hashed(&digested)
            )
            .replace("<ds:Transforms></ds:Transforms>", ""),
            form.another,
        );
        let value = STANDARD.encode(self.signature(form.method, signed_info.as_bytes()));
        let certificate = |der: &CertificateDer<'_>| {
            format!("<ds:X509Certificate>{}</ds:X509Certificate>", STANDARD.encode(der))
        };
        format!(
            "<ds:Signature xmlns:ds=\"{DS}\" Id=\"signature\">{signed_info}\
             <ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>{}\
             </ds:X509Data></ds:KeyInfo><ds:Object><xades:QualifyingProperties \
             xmlns:xades=\"{XADES}\" Target=\"#signature\">{properties}\
             </xades:QualifyingProperties></ds:Object></ds:Signature>",
            form.key_info.iter().map(certificate).collect::<String>(),
        )
    }

    /// As RFC 9231 wants it: `r || s` of curves.
    pub(in crate::eidas) fn signature(&self, method: &str, message: &[u8]) -> Vec<u8> {
        let digest = match method {
            method if method.contains("sha512") => MessageDigest::sha512(),
            method if method.contains("sha384") => MessageDigest::sha384(),
            method if method.ends_with("sha1") => MessageDigest::sha1(),
            _ => MessageDigest::sha256(),
        };
        let mut signer = OpenSsl::new(digest, &self.key).unwrap();
        if method.ends_with("MGF1") {
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        }
        let signature = signer.sign_oneshot_to_vec(message).unwrap();
        if self.key.id() != Id::EC {
            return signature;
        }
        let half = i32::try_from(self.key.bits().div_ceil(8)).unwrap();
        let parts = EcdsaSig::from_der(&signature).unwrap();
        [parts.r(), parts.s()].map(|part| part.to_vec_padded(half).unwrap()).concat()
    }
}

impl Form {
    fn properties(&self) -> String {
        let name = |(element, method, digest): &(&str, &str, Vec<u8>)| {
            format!(
                "<xades:{element}><xades:Cert><xades:CertDigest><ds:DigestMethod xmlns:ds=\"{DS}\" \
                 Algorithm=\"{method}\"></ds:DigestMethod><ds:DigestValue xmlns:ds=\"{DS}\">{}\
                 </ds:DigestValue></xades:CertDigest></xades:Cert></xades:{element}>",
                STANDARD.encode(digest)
            )
        };
        format!(
            "<xades:SignedProperties xmlns:xades=\"{XADES}\" Id=\"properties\">\
             <xades:SignedSignatureProperties>{}</xades:SignedSignatureProperties>\
             </xades:SignedProperties>",
            self.names.iter().map(name).collect::<String>()
        )
    }
}

pub(in crate::eidas) fn transform(algorithm: &str) -> String {
    format!("<ds:Transform Algorithm=\"{algorithm}\"></ds:Transform>")
}

pub(in crate::eidas) fn canonicalization(algorithm: &str, content: &str) -> String {
    format!(
        "<ds:CanonicalizationMethod Algorithm=\"{algorithm}\">{content}</ds:CanonicalizationMethod>"
    )
}

/// Puts a signature into its list.
pub(in crate::eidas) fn envelope(list: &str, signature: &str) -> String {
    list.replace("</TrustServiceStatusList>", &format!("{signature}</TrustServiceStatusList>"))
}

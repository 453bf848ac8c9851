//! TLS for the client: rustls with ring, trusting what the operating system trusts, or a file, or anybody.
//!
//! The system's certificates are read at the first `https` connection and not before. Most of a client's start-up
//! time would go into them, and a container without any would otherwise be unable to fetch plain `http` too.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// Whose certificates are believed.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// What the operating system trusts.
    #[default]
    System,
    /// These, and what they have signed; nothing else.
    These(Certificates),
    /// Anybody's, whatever name is in it and however old it is.
    Anything,
}

/// Certificates to trust.
#[derive(Clone, Debug)]
pub struct Certificates {
    roots: Arc<RootCertStore>,
    /// As they are, since a certificate that signed itself is often the server's own.
    all: Arc<[CertificateDer<'static>]>,
}

impl Certificates {
    /// Those in a file of PEM blocks, or what is wrong with it.
    pub fn from_file(file: &str) -> Result<Certificates, crate::Error> {
        let wrong = crate::Error::Options;
        let blocks = CertificateDer::pem_file_iter(file)
            .map_err(|error| wrong(format!("cannot read {file}: {error}")))?;
        let all = blocks.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(format!("{file}: {error}")))?;
        if all.is_empty() {
            return Err(wrong(format!(
                "{file} holds no certificate: it must have lines -----BEGIN CERTIFICATE-----"
            )));
        }
        let mut roots = RootCertStore::empty();
        for (number, certificate) in (1..).zip(&all) {
            let added = roots.add(certificate.clone());
            added.map_err(|error| wrong(format!("{file}: certificate {number} cannot be read: {error}")))?;
        }
        Ok(Certificates { roots: Arc::new(roots), all: all.into() })
    }
}

/// The configuration handed to reqwest, which adds the protocols (HTTP/2, HTTP/1.1) itself only for its own
/// configurations, so they are named here.
pub(super) fn config(trust: &Trust) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let judge = match trust {
        Trust::System => Judge::System(OnceLock::new()),
        Trust::Anything => Judge::None,
        Trust::These(certificates) => {
            let chains =
                WebPkiServerVerifier::builder_with_provider(certificates.roots.clone(), provider.clone());
            let chains = chains.build().map_err(|error| Error::General(error.to_string()))?;
            Judge::These { chains, all: certificates.all.clone() }
        }
    };
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verification { provider, judge }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Who decides about certificates; nothing is decided here. Signatures are verified in any case.
#[derive(Debug)]
struct Verification {
    provider: Arc<CryptoProvider>,
    judge: Judge,
}

#[derive(Debug)]
enum Judge {
    /// The system's verifier, made when first asked.
    System(OnceLock<Result<Verifier, Error>>),
    These {
        chains: Arc<WebPkiServerVerifier>,
        all: Arc<[CertificateDer<'static>]>,
    },
    None,
}

impl ServerCertVerifier for Verification {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.judge {
            Judge::System(loaded) => match loaded.get_or_init(|| Verifier::new(self.provider.clone())) {
                Ok(verifier) => {
                    verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                }
                Err(error) => Err(error.clone()),
            },
            Judge::These { chains, all } => {
                match chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    // What `openssl req -x509` makes: it is marked as one that signs, and is the server's own. Only its
                    // mark stands against it, for the dates are looked at before.
                    Err(error) if signs_itself(&error) && all.iter().any(|one| one == end_entity) => {
                        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                        Ok(ServerCertVerified::assertion())
                    }
                    other => other,
                }
            }
            Judge::None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn signs_itself(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
}

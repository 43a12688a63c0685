//! What a client needs to come in, made at each start: a CA with a certificate for this machine, and two keys.

use super::ServerError;
use super::door::Door;
use super::settings::ServerSettings;
use crate::signer::{Generated, KeyKind, generate, write_private};
use crate::socket::tls::server_config;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use trader_journal::event::Uuid;
use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;
use zeroize::Zeroizing;

/// Certificates hold from yesterday on for so many days: clocks differ, and nobody is to trust an old one.
const DAYS: i64 = 14;
const CA_FILE: &str = "ca.pem";
const RSA_FILE: &str = "rsa-key.pem";
const ED25519_FILE: &str = "ed25519-key.pem";
/// Folders made by this process among the system's temporary ones.
static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// One issued key as a client is told of it.
pub(super) struct Issued {
    pub(super) id: String,
    pub(super) path: PathBuf,
}

/// Everything made at a start.
pub(super) struct Papers {
    pub(super) ca_path: PathBuf,
    pub(super) rsa: Issued,
    pub(super) ed25519: Issued,
    pub(super) door: Door,
    pub(super) tls: Arc<ServerConfig>,
}

impl Papers {
    /// Makes certificate and keys and writes what a client needs into the settings' folder. Files of an
    /// earlier start are replaced: they open nothing any more.
    pub(super) fn make(settings: &ServerSettings, wall: Nanos) -> Result<Papers, ServerError> {
        let directory = folder(settings)?;
        let (ca_pem, tls) = certificate(wall).map_err(|error| ServerError::Certificate(error.to_string()))?;
        let tls = server_config(tls.0, tls.1)?;
        let ca_path = directory.join(CA_FILE);
        std::fs::write(&ca_path, ca_pem).map_err(|error| disk(&ca_path, &error))?;
        let mut keys = Vec::new();
        let mut issue = |kind, file: &str| {
            let Generated { pem, public } = generate(kind)?;
            let pem = as_the_venue_hands_it_out(pem, kind);
            let (id, path) = (key_id(settings.seed, kind), directory.join(file));
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(&path, &error)),
                Ok(()) | Err(_) => {}
            }
            write_private(&path, &pem)?;
            keys.push((id.clone(), public));
            Ok(Issued { id, path })
        };
        let (rsa, ed25519) = (issue(KeyKind::Rsa, RSA_FILE)?, issue(KeyKind::Ed25519, ED25519_FILE)?);
        let door = Door { keys, clock_window_ns: settings.clock_window_ns };
        Ok(Papers { ca_path, rsa, ed25519, door, tls })
    }
}

/// The venue hands RSA keys out as PKCS#1, which is what lies in PKCS#8 behind 26 bytes when the key has 2048 bits.
fn as_the_venue_hands_it_out(pem: Zeroizing<String>, kind: KeyKind) -> Zeroizing<String> {
    const WRAPPING_BYTES: usize = 26;
    const COLUMNS: usize = 64;
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map(Zeroizing::new);
    let inner = match (&der, kind) {
        (Ok(der), KeyKind::Rsa) => der.secret_der().get(WRAPPING_BYTES..),
        (Ok(_) | Err(_), _) => None,
    };
    let Some(inner) = inner else { return pem };
    let text = Zeroizing::new(STANDARD.encode(inner));
    let mut pem = Zeroizing::new(String::with_capacity(text.len() + text.len() / COLUMNS + 80));
    pem.push_str("-----BEGIN RSA PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(COLUMNS));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END RSA PRIVATE KEY-----\n");
    pem
}

pub(super) fn disk(path: &Path, error: &io::Error) -> ServerError {
    ServerError::Disk { path: path.display().to_string(), reason: error.to_string() }
}

/// The folder asked for, or a fresh one.
fn folder(settings: &ServerSettings) -> Result<PathBuf, ServerError> {
    if let Some(directory) = &settings.directory {
        std::fs::create_dir_all(directory).map_err(|error| disk(directory, &error))?;
        // Clients run elsewhere: what they are told must not depend on where this runs.
        return std::path::absolute(directory).map_err(|error| disk(directory, &error));
    }
    let process = std::process::id();
    loop {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("kalshi-trader-exchange-{process}-{number}"));
        match std::fs::create_dir(&directory) {
            Ok(()) => return Ok(directory),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(disk(&directory, &error)),
        }
    }
}

/// The same seed gives the same names; the keys behind them are new at each start.
fn key_id(seed: u64, kind: KeyKind) -> String {
    let mut bytes = [0; 16];
    for (place, half) in bytes.chunks_exact_mut(8).enumerate() {
        let mut hash = StateHash::EMPTY;
        hash.mix(seed);
        hash.mix(kind as u64);
        hash.mix(place as u64);
        half.copy_from_slice(&hash.value().to_le_bytes());
    }
    // Marked as a random one, as the venue's are.
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Uuid(bytes).to_string()
}

type Shown = (Vec<rustls::pki_types::CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The CA's certificate in PEM, and what the server shows.
fn certificate(wall: Nanos) -> Result<(String, Shown), rcgen::Error> {
    let (ca, issuer) = authority(wall)?;
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    limit(&mut params, wall, "the mock exchange");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let shown = params.signed_by(&pair, &issuer)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    Ok((ca.pem(), (vec![shown.der().clone()], key)))
}

/// A CA that signs one certificate and is forgotten: its key is never written down.
fn authority(wall: Nanos) -> Result<(Certificate, Issuer<'static, KeyPair>), rcgen::Error> {
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    limit(&mut params, wall, "the mock exchange's CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&pair)?;
    Ok((certificate, Issuer::new(params, pair)))
}

fn limit(params: &mut CertificateParams, wall: Nanos, name: &str) {
    let day = |days: i64| {
        let at = Timestamp::from_second(i64::try_from(wall.seconds()).unwrap_or(0)).unwrap_or_default();
        let at = at.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(at).to_zoned(TimeZone::UTC);
        date_time_ymd(i32::from(at.year()), at.month().unsigned_abs(), at.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (day(-1), day(DAYS));
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
}

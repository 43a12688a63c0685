//! Keys as the venue issues them, what they sign, and signatures made ahead.

use crate::known_key;
use kalshi_trader::signer::pool::{Pool, PoolCounts, PoolSettings, start, wall_ms};
use kalshi_trader::signer::{Key, KeyError, KeyKind, PublicKey, generate, write_private};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const AT: u64 = 1_703_123_456_789;
/// The public half of the throw-away key whose seed is the bytes 00 to 1f.
const ED25519_PUBLIC: &str = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
/// Signatures of another implementation with that key.
const VECTORS: [(&str, &str, &str); 5] = [
    (
        "GET",
        "/trade-api/v2/portfolio/balance",
        "hkBtGNHKCfMll7XdniCzUygg/ek7JdCINuVOaGq0bDS3feQIdYVMirJSybX93bQtj8CMmr3q0RiAToeTeMOwBg==",
    ),
    (
        "GET",
        "/trade-api/v2/portfolio/orders?limit=5&status=resting",
        "/P9EpbeWQQ/w/6T/m8tewChFyAXBFtJvGwFO+XKTgf2gItan2yFUbzmM+5nqLkLhHipTd5vDwUr+QnAmSE6GCQ==",
    ),
    (
        "POST",
        "/trade-api/v2/portfolio/events/orders",
        "/ro4N0xtMcM9TBedlEcPA5AL1SsWyOiIo3UPU4/aeQ/H6c6rvS4ymxWhdFIT2dLRprk+g8Dju8XU1AY4/NDkDg==",
    ),
    (
        "DELETE",
        "/trade-api/v2/portfolio/events/orders/2597b999-f887-4195-8bac-c3f97a1f2021?exchange_index=2",
        "XWYA/El8G7ouO02HQaGqCiCGsqvFpohAfipW5QvdiFaqofVATC02EPSu32zp8N9Myrw2llqu7Qw4KvupjLmTBQ==",
    ),
    (
        "GET",
        "/trade-api/ws/v2",
        "GpkXLSIK8avqVF1CPnKos7fulth1qYoYZjI5qzovCmuzcKV0/qCnl8R5kVmiu2d6dLYPcYVo2r2OgcCWv1uwAw==",
    ),
];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn unbase64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn pem(heading: &str, der: &[u8]) -> String {
    format!("-----BEGIN {heading}-----\n{}\n-----END {heading}-----\n", base64(der))
}

/// The DER inside a PEM text.
fn der_of(pem: &str) -> Vec<u8> {
    unbase64(&pem.lines().filter(|line| !line.starts_with('-')).collect::<String>())
}

/// PKCS#8 wraps PKCS#1 in a fixed head of 26 bytes for 2048 bits.
fn pkcs1_of(pkcs8_pem: &str) -> String {
    pem("RSA PRIVATE KEY", &der_of(pkcs8_pem)[26..])
}

fn refusal(pem: &str) -> KeyError {
    Key::from_pem(pem.as_bytes(), "a-key").expect_err("this text should have been refused")
}

#[test]
fn ed25519_signs_as_another_implementation_does_and_leaves_the_query_out() {
    let key = known_key();
    let public = PublicKey::new(KeyKind::Ed25519, &hex(ED25519_PUBLIC));
    assert_eq!(key.public(), public);
    for (method, target, expected) in VECTORS {
        assert_eq!(key.sign(AT, method, target).as_str(), expected, "{method} {target}");
        assert!(public.verify(&AT.to_string(), method, target, expected));
        assert!(!public.verify(&(AT + 1).to_string(), method, target, expected), "another time");
        assert!(!public.verify(&AT.to_string(), "PATCH", target, expected), "another method");
        assert!(!public.verify(&AT.to_string(), method, "/", expected), "another path");
    }
    let [id, at, signature] = key.headers(trader_journal::units::Nanos(AT * 1_000_000 + 999_999), "GET", VECTORS[0].1);
    assert_eq!(id, ("KALSHI-ACCESS-KEY", "a-key".to_owned()));
    assert_eq!(at, ("KALSHI-ACCESS-TIMESTAMP", AT.to_string()));
    assert_eq!(signature, ("KALSHI-ACCESS-SIGNATURE", VECTORS[0].2.to_owned()));
}

#[test]
fn an_rsa_key_is_read_in_both_forms_under_any_heading_and_signs_what_its_public_half_accepts() {
    let made = generate(KeyKind::Rsa).unwrap();
    let pkcs1 = pkcs1_of(&made.pem);
    let misnamed = pkcs1.replace("RSA PRIVATE", "PRIVATE");
    for text in [made.pem.as_str(), &pkcs1, &misnamed] {
        let key = Key::from_pem(text.as_bytes(), "a-key").unwrap();
        assert_eq!((key.kind(), key.public()), (KeyKind::Rsa, made.public.clone()));
        let (method, target, _) = VECTORS[2];
        let signature = key.sign(AT, method, target);
        assert!(made.public.verify(&AT.to_string(), method, target, signature.as_str()));
        assert!(!made.public.verify(&AT.to_string(), "GET", target, signature.as_str()));
        assert_ne!(signature, key.sign(AT, method, target), "the salt is new each time");
    }
}

/// PSS with the salt as long as the digest: OpenSSL, told exactly that, agrees.
#[test]
fn another_implementation_accepts_our_rsa_signatures_with_a_salt_of_32() {
    use std::process::Command;
    let dir = tempfile::tempdir().unwrap();
    let made = generate(KeyKind::Rsa).unwrap();
    let key = Key::from_pem(made.pem.as_bytes(), "a-key").unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    std::fs::write(file("key.pem"), made.pem.as_str()).unwrap();
    std::fs::write(file("message"), format!("{AT}GET/trade-api/ws/v2")).unwrap();
    std::fs::write(file("signature"), unbase64(key.sign(AT, "GET", "/trade-api/ws/v2").as_str())).unwrap();
    let openssl = |salt: &str| {
        let options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", salt, "-sigopt", "rsa_mgf1_md:sha256"];
        let verify = ["dgst", "-sha256", "-prverify", &file("key.pem")].map(str::to_owned);
        let of = ["-signature".to_owned(), file("signature"), file("message")];
        Command::new("openssl").args(verify).args(options).args(of).output().expect("openssl is installed").status
    };
    assert!(openssl("rsa_pss_saltlen:32").success());
    assert!(!openssl("rsa_pss_saltlen:20").success());
}

#[test]
fn what_is_no_private_key_is_told_apart_and_what_to_do_is_said() {
    let short = std::process::Command::new("openssl").args(["genrsa", "1024"]).output().expect("openssl is installed");
    let short = String::from_utf8(short.stdout).unwrap();
    assert!(short.contains("PRIVATE KEY"), "{short}");
    let cases = [
        ("", "no private key in PEM"),
        ("hello", "no private key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nnot base64 at all!\n-----END PRIVATE KEY-----\n", "no private key in PEM"),
        (&pem("PRIVATE KEY", b"not a key"), "not an RSA key of 2048 to 8192 bits nor an Ed25519 key"),
        (&pem("EC PRIVATE KEY", b"not a key"), "not an RSA key of 2048 to 8192 bits nor an Ed25519 key"),
        (&short, "not an RSA key of 2048 to 8192 bits nor an Ed25519 key"),
        (&pem("PUBLIC KEY", &hex(ED25519_PUBLIC)), "this is a public key"),
        (&pem("ENCRYPTED PRIVATE KEY", b"secret"), "decrypt it with `openssl pkey"),
    ];
    for (text, expected) in cases {
        let said = refusal(text).to_string();
        assert!(said.contains(expected), "{said}");
    }
    let long = "x".repeat(129);
    for id in ["", "two words", "a\r\nHost: b", "\u{e9}", &long] {
        let made = generate(KeyKind::Ed25519).unwrap();
        assert!(matches!(Key::from_pem(made.pem.as_bytes(), id), Err(KeyError::Id)), "{id}");
    }
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let made = generate(KeyKind::Ed25519).unwrap();
    let key = Key::from_pem(made.pem.as_bytes(), "canary-id").unwrap();
    assert_eq!(format!("{key:?}"), "a private key (Ed25519)");
    let canary = "Y2FuYXJ5LWNhbmFyeS1jYW5hcnk";
    let damaged = format!("-----BEGIN PRIVATE KEY-----\n{canary}=\n-----END PRIVATE KEY-----\n");
    let error = refusal(&damaged);
    for said in [format!("{error}"), format!("{error:?}")] {
        assert!(!said.contains(canary) && !said.contains("canary"), "{said}");
    }
}

// ---- files -----------------------------------------------------------------------------------

fn key_file(dir: &Path) -> PathBuf {
    let path = dir.join("key.pem");
    write_private(&path, &generate(KeyKind::Ed25519).unwrap().pem).unwrap();
    path
}

#[test]
fn a_key_file_is_written_and_read_and_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = key_file(dir.path());
    assert_eq!(Key::read(&path, "a-key").unwrap().id(), "a-key");
    let again = write_private(&path, "something else").unwrap_err().to_string();
    assert!(again.contains("key.pem"), "{again}");
    assert!(Key::read(&path, "a-key").is_ok(), "it is what it was");
}

#[test]
fn a_file_that_is_missing_too_long_or_no_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let said = |path: &Path| Key::read(path, "a-key").unwrap_err().to_string();
    assert!(said(&dir.path().join("none.pem")).contains("put the private key there"));
    let folder = dir.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    assert!(said(&folder).contains("is a folder"));
    let long = dir.path().join("long.pem");
    write_private(&long, &"x".repeat(16 * 1024 + 1)).unwrap();
    assert!(said(&long).contains("16385 bytes"), "{}", said(&long));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_use_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = key_file(dir.path());
    let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o644, 0o640, 0o604, 0o620, 0o602, 0o601, 0o610, 0o777] {
        set(mode);
        let said = Key::read(&path, "a-key").unwrap_err().to_string();
        let mended = format!("chmod 600 {}", path.display());
        assert!(said.contains(&mended) && said.contains(&format!("{mode:o}")), "{said}");
    }
    for mode in [0o600, 0o400, 0o700] {
        set(mode);
        assert!(Key::read(&path, "a-key").is_ok(), "{mode:o}");
    }
    set(0o600);
    let link = dir.path().join("link.pem");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(Key::read(&link, "a-key").unwrap_err().to_string().contains("is a symbolic link: name the file itself"));
    assert!(Key::read(Path::new("/dev/null"), "a-key").unwrap_err().to_string().contains("is no plain file"));
}

// ---- made ahead ------------------------------------------------------------------------------

const SETTINGS: PoolSettings = PoolSettings { ready: 4, age_ms_max: 3_000 };
const CREATES: &str = "/trade-api/v2/portfolio/events/orders";

fn pool() -> (Pool, kalshi_trader::signer::pool::Maker, PublicKey) {
    let key = Arc::new(known_key());
    let public = key.public();
    let (pool, maker) = Pool::new(key, SETTINGS).unwrap();
    (pool, maker, public)
}

/// Takes one at `wall_ms`; gives the time it was signed for after checking that it is right.
fn take(pool: &mut Pool, public: &PublicKey, wall_ms: u64) -> u64 {
    let [(_, id), (_, at), (_, signature)] = pool.create_headers(wall_ms);
    assert_eq!(id, "a-key");
    assert!(public.verify(&at, "POST", CREATES, &signature), "{at} {signature}");
    at.parse().unwrap()
}

#[test]
fn a_signature_made_ahead_is_used_once_and_an_empty_pool_signs_on_the_spot() {
    let (mut pool, mut maker, public) = pool();
    assert_eq!(take(&mut pool, &public, AT), AT);
    assert_eq!(pool.counts(), PoolCounts { taken: 0, inline: 1, stale: 0 });
    for made in AT..AT + 3 {
        assert!(maker.work(made));
    }
    let used: Vec<_> = (0..4).map(|_| take(&mut pool, &public, AT + 500)).collect();
    assert_eq!(used, [AT, AT + 1, AT + 2, AT + 500]);
    assert_eq!(pool.counts(), PoolCounts { taken: 3, inline: 2, stale: 0 });
}

#[test]
fn what_is_too_old_or_from_a_clock_that_was_set_back_is_never_used() {
    for later in [AT + SETTINGS.age_ms_max + 1, AT - SETTINGS.age_ms_max - 1] {
        let (mut pool, mut maker, public) = pool();
        while maker.work(AT) {}
        pool.tend(AT);
        assert_eq!(pool.ready(), SETTINGS.ready);
        assert_eq!(take(&mut pool, &public, later), later);
        assert_eq!((pool.counts().taken, pool.counts().inline), (0, 1));
        assert!(pool.counts().stale >= SETTINGS.ready as u64);
    }
}

/// An idle pool is never empty, and what it holds is never older than allowed, as long as somebody makes more.
#[test]
fn a_pool_that_nobody_uses_stays_fresh() {
    let (mut pool, mut maker, public) = pool();
    while maker.work(AT) {}
    for passed in (0..60_000).step_by(10) {
        pool.tend(AT + passed);
        while maker.work(AT + passed) {}
        assert_eq!(pool.ready(), SETTINGS.ready);
    }
    let made = take(&mut pool, &public, AT + 60_000);
    assert!(AT + 60_000 - made <= SETTINGS.age_ms_max / 2 + 10, "{}", AT + 60_000 - made);
    assert_eq!(pool.counts().inline, 0);
}

#[test]
fn the_thread_fills_the_pool_and_ends_when_it_is_let_go() {
    let key = Arc::new(known_key());
    let public = key.public();
    let (mut pool, signer) = start(Arc::clone(&key), SETTINGS).unwrap();
    crate::wait_until("the pool is full", Duration::from_secs(5), || {
        pool.tend(wall_ms());
        pool.ready() == SETTINGS.ready
    });
    let now = wall_ms();
    assert!(now.abs_diff(take(&mut pool, &public, now)) <= SETTINGS.age_ms_max);
    assert_eq!(pool.counts().inline, 0);
    drop(signer);
    drop(pool);
    assert_eq!(Arc::strong_count(&key), 1, "the thread is gone");
}

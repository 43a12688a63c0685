//! Identifiers as text: what is written is read back, anything else is refused.

use proptest::prelude::*;
use trader_journal::event::{ClientId, Uuid};

#[test]
fn a_uuid_is_its_bytes_in_text_order() {
    let uuid = Uuid::parse(b"00112233-4455-6677-8899-aabbccddeeff").unwrap();
    assert_eq!(uuid.0, [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
    assert_eq!(Uuid::parse(b"00112233-4455-6677-8899-AABBCCDDEEFF"), Some(uuid));
    for wrong in [
        &b""[..],
        b"00112233445566778899aabbccddeeff",
        b"00112233-4455-6677-8899-aabbccddeef",
        b"00112233-4455-6677-8899-aabbccddeefff",
        b"0011223-34455-6677-8899-aabbccddeeff",
        b"00112233-4455-6677-8899-aabbccddeefg",
        b"{0112233-4455-6677-8899-aabbccddeeff",
    ] {
        assert_eq!(Uuid::parse(wrong), None, "{}", String::from_utf8_lossy(wrong));
    }
}

#[test]
fn a_client_id_names_its_epoch_nonce_and_number() {
    let id = ClientId { epoch: 0x2a, nonce: 0xb1, seq: 0x10 };
    assert_eq!(id.to_string(), "k1-2a-000000b1-10");
    for wrong in [
        "",
        "k1",
        "k1-2a-000000b1",
        "k1-2a-000000b1-10-",
        "k1-2a-000000b1-10-1",
        "k2-2a-000000b1-10",
        "k1-0-000000b1-10",
        "k1--000000b1-10",
        "k1-123456789-000000b1-10",
        "k1-2a-000000b1-+1",
        " k1-2a-000000b1-10",
    ] {
        assert_eq!(ClientId::parse(wrong.as_bytes()), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_uuid_is_read_as_it_was_written(bytes: [u8; 16]) {
        prop_assert_eq!(Uuid::parse(Uuid(bytes).to_string().as_bytes()), Some(Uuid(bytes)));
    }

    #[test]
    fn a_client_id_is_read_as_it_was_written_and_fits_the_venue(epoch in 1u32.., nonce: u32, seq: u64) {
        let id = ClientId { epoch, nonce, seq };
        prop_assert!(id.to_string().len() <= 64);
        prop_assert_eq!(ClientId::parse(id.to_string().as_bytes()), Some(id));
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in proptest::collection::vec(any::<u8>(), 0..48)) {
        let _ = (Uuid::parse(&text), ClientId::parse(&text));
    }
}

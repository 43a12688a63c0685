use trader_journal::hash::StateHash;

fn of(words: &[u64]) -> u64 {
    let mut hash = StateHash::EMPTY;
    words.iter().for_each(|word| hash.mix(*word));
    hash.value()
}

/// The definition once more, in arithmetic a person can follow: schoolbook multiplication on 32-bit halves.
fn schoolbook(words: &[u64]) -> u64 {
    const MULTIPLIER: u64 = 0x6a09_e667_f3bc_c909;
    const INCREMENT: u64 = 0xbb67_ae85_84ca_a73b;
    words.iter().fold(INCREMENT, |state, word| {
        let x = state ^ word;
        let (low, high) = (x & 0xffff_ffff, x >> 32);
        let (m_low, m_high) = (MULTIPLIER & 0xffff_ffff, MULTIPLIER >> 32);
        let middle = high * m_low + ((low * m_low) >> 32);
        let other = low * m_high + (middle & 0xffff_ffff);
        let upper = high * m_high + (middle >> 32) + (other >> 32);
        (upper ^ x.wrapping_mul(MULTIPLIER)).wrapping_add(INCREMENT)
    })
}

#[test]
fn the_value_is_the_same_on_every_machine_and_in_every_version() {
    let words = [0, 1, 2, u64::MAX, 0x0123_4567_89ab_cdef];
    assert_eq!(of(&words), 0x42f9_7a93_8b21_97ee);
    assert_eq!(of(&words), schoolbook(&words));
}

#[test]
fn order_number_and_zeros_change_the_value() {
    assert_ne!(of(&[1, 2]), of(&[2, 1]));
    assert_ne!(of(&[]), of(&[0]));
    assert_ne!(of(&[0]), of(&[0, 0]));
    // The word that makes the product zero must not swallow the zeros that follow it.
    let trap = StateHash::EMPTY.value();
    assert_ne!(of(&[trap]), of(&[trap, 0]));
    assert_ne!(of(&[trap, 0]), of(&[trap, 0, 0]));
}

#[test]
fn one_flipped_bit_changes_about_half_of_the_value() {
    let plain = of(&[7, 7, 7]);
    let mut changed = 0;
    for bit in 0..64 {
        changed += (plain ^ of(&[7, 7 ^ (1 << bit), 7])).count_ones();
    }
    assert!((24 * 64..=40 * 64).contains(&changed), "{changed} bits of 4096 changed");
}

#[test]
fn bytes_are_little_endian_words_and_their_number() {
    let mut bytes = StateHash::EMPTY;
    bytes.mix_bytes(&[1, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert_eq!(bytes.value(), of(&[1, 2, 9]));
    let mut longer = StateHash::EMPTY;
    longer.mix_bytes(&[1, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
    assert_ne!(bytes, longer);
}

#[test]
fn a_million_neighbouring_states_do_not_collide() {
    let mut seen: Vec<u64> = (0..1_000_000u64).map(|n| of(&[n / 1_000, n % 1_000])).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 1_000_000);
}

//! The character classes of the grammar, as tables computed by the compiler.

/// Whether a byte may stand in a token, so in a method or a field name.
pub fn is_tchar(byte: u8) -> bool {
    let _ = byte;
    todo!()
}

/// Whether a byte may stand in a field value (VCHAR, obs-text, SP, HTAB).
pub fn is_field_vchar(byte: u8) -> bool {
    let _ = byte;
    todo!()
}

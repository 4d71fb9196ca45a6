//! What an event is.

/// Something that listeners can be told about, as a marker type.
///
/// The type is never made; it names the event, so that listeners of one event cannot be registered for
/// another. Arguments may borrow, so that a listener gets the very connection or object that the event is
/// about, and may change it.
///
/// An event that cannot fail takes [`std::convert::Infallible`] as its error; firing it is then
/// `let Ok(()) = listeners.fire(&mut arguments);`.
pub trait Event: 'static {
    /// What a listener is given, by mutable reference: results are handed back by writing to it.
    type Arguments<'a>;

    /// How a listener fails; the error goes to whoever fired the event.
    type Error;
}

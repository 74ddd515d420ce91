/// Why a location refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Its id is in use for another one.
    #[error("the location exists with another name or zone")]
    Exists,
}

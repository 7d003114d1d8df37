//! eidas

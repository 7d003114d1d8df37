//! Every rule of this crate is a `tower::Layer` too.

/// Implements [`tower::Layer`] for rules, so that they can be stacked without a gate.
macro_rules! rule_layers {
    ($($rule:ty),+ $(,)?) => {$(
        impl<S> tower::Layer<S> for $rule {
            type Service = $crate::gate::Guarded<S>;

            fn layer(&self, inner: S) -> Self::Service {
                $crate::gate::Guarded::by_rule(inner, self.clone())
            }
        }
    )+};
}

/// As `rule_layers`, for arounds.
macro_rules! around_layers {
    ($($around:ty),+ $(,)?) => {$(
        impl<S> tower::Layer<S> for $around {
            type Service = $crate::gate::Guarded<S>;

            fn layer(&self, inner: S) -> Self::Service {
                $crate::gate::Guarded::by_around(inner, self.clone())
            }
        }
    )+};
}

pub(crate) use around_layers;
pub(crate) use rule_layers;

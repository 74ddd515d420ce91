//! Requests with passwords, codes and tokens. The fingerprint of a request is stored in the log,
//! where nothing may be that a secret could be guessed from.

use contracts::identity::v1 as pb;

/// A request with a secret in it.
pub trait WithoutSecrets {
    /// The request as its fingerprint covers it. Every field is named, so that a new one breaks the
    /// build.
    fn without_secrets(&self) -> Self;
}

impl WithoutSecrets for pb::RegisterUserRequest {
    fn without_secrets(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            role: self.role,
            email: self.email.clone(),
            password: String::new(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            phone_number: self.phone_number.clone(),
        }
    }
}

impl WithoutSecrets for pb::VerifyEmailRequest {
    fn without_secrets(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            code: String::new(),
        }
    }
}

impl WithoutSecrets for pb::VerifyPhoneRequest {
    fn without_secrets(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            code: String::new(),
        }
    }
}

impl WithoutSecrets for pb::ResetPasswordRequest {
    fn without_secrets(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            token: String::new(),
            new_password: String::new(),
        }
    }
}

impl WithoutSecrets for pb::ChangePasswordRequest {
    fn without_secrets(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            password: String::new(),
            new_password: String::new(),
        }
    }
}

impl WithoutSecrets for pb::RequestEmailChangeRequest {
    fn without_secrets(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            email: self.email.clone(),
            password: String::new(),
        }
    }
}

impl WithoutSecrets for pb::ChangeEmailRequest {
    fn without_secrets(&self) -> Self {
        Self {
            request_id: self.request_id.clone(),
            code: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::WriteRpc;
    use contracts::common::v1::Role;
    use service::{Call, Principal};
    use uuid::Uuid;

    use super::*;

    fn fingerprint<M: WriteRpc + WithoutSecrets>(request: &M) -> [u8; 32] {
        let call = Call::by(Principal::Anonymous);
        let request_id = request.request_id().parse().unwrap();
        let context = call.context(M::PATH, request_id, &request.without_secrets());
        context.request.unwrap().fingerprint
    }

    fn request_id() -> String {
        Uuid::from_u128(2).to_string()
    }

    /// A registration with this password.
    fn registration(password: &str) -> pb::RegisterUserRequest {
        pb::RegisterUserRequest {
            request_id: request_id(),
            role: Role::Parent.into(),
            email: "anna@example.com".to_owned(),
            password: password.to_owned(),
            first_name: "Anna".to_owned(),
            last_name: "Berg".to_owned(),
            phone_number: String::new(),
        }
    }

    fn email_change(email: &str, password: &str) -> pb::RequestEmailChangeRequest {
        pb::RequestEmailChangeRequest {
            request_id: request_id(),
            email: email.to_owned(),
            password: password.to_owned(),
        }
    }

    /// The fingerprints of every request with a secret, each with this secret.
    fn all_with(secret: &str) -> [[u8; 32]; 7] {
        let (request_id, secret) = (request_id(), secret.to_owned());
        [
            fingerprint(&registration(&secret)),
            fingerprint(&pb::VerifyEmailRequest {
                request_id: request_id.clone(),
                code: secret.clone(),
            }),
            fingerprint(&pb::VerifyPhoneRequest {
                request_id: request_id.clone(),
                code: secret.clone(),
            }),
            fingerprint(&pb::ResetPasswordRequest {
                request_id: request_id.clone(),
                token: format!("token {secret}"),
                new_password: secret.clone(),
            }),
            fingerprint(&pb::ChangePasswordRequest {
                request_id: request_id.clone(),
                password: secret.clone(),
                new_password: format!("another {secret}"),
            }),
            fingerprint(&email_change("a@example.com", &secret)),
            fingerprint(&pb::ChangeEmailRequest {
                request_id,
                code: secret,
            }),
        ]
    }

    #[test]
    fn no_fingerprint_covers_a_secret() {
        assert_eq!(all_with("correct horse"), all_with("incorrect horse"));
    }

    #[test]
    fn the_fingerprint_of_a_registration_covers_everything_else() {
        let base = fingerprint(&registration("correct horse"));
        let others = [
            pb::RegisterUserRequest {
                role: Role::Trainer.into(),
                ..registration("correct horse")
            },
            pb::RegisterUserRequest {
                email: "other@example.com".to_owned(),
                ..registration("correct horse")
            },
            pb::RegisterUserRequest {
                first_name: "Other".to_owned(),
                ..registration("correct horse")
            },
            pb::RegisterUserRequest {
                last_name: "Other".to_owned(),
                ..registration("correct horse")
            },
            pb::RegisterUserRequest {
                phone_number: "+12025550123".to_owned(),
                ..registration("correct horse")
            },
        ];
        for other in others {
            assert_ne!(base, fingerprint(&other), "{other:?}");
        }
    }

    #[test]
    fn the_fingerprint_of_a_new_address_covers_the_address() {
        let of = |email| fingerprint(&email_change(email, "correct horse"));
        assert_ne!(of("a@example.com"), of("b@example.com"));
    }
}

//! Why a form is refused, told beside the field that is concerned.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::form::Barred;
use super::page::with_status;
use super::sign_in::sentence;
use crate::control::ControlError;

/// Why a form was refused: an error of one field, or of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    field: String,
    text: String,
    status: StatusCode,
}

impl Fault {
    /// The fault of a command that was refused.
    ///
    /// # Errors
    /// Where it is none that filling in the form differently could mend.
    pub(super) fn of(error: ControlError) -> Result<Self, Barred> {
        let field = match &error {
            ControlError::Conflict { code: "name_taken", .. } => "name",
            ControlError::Conflict { .. } => "",
            ControlError::Invalid { .. } | ControlError::ForbiddenField(_) => {
                error.field().unwrap_or_default()
            }
            _ => return Err(error.into()),
        };
        let status = match error {
            ControlError::Conflict { .. } => StatusCode::CONFLICT,
            ControlError::ForbiddenField(_) => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        Ok(Self { field: field.to_owned(), text: sentence(&error), status })
    }

    /// What is wrong with a field.
    pub(super) fn at(&self, field: &str) -> Option<&str> {
        (self.field == field).then_some(self.text.as_str())
    }

    /// What is wrong with the form as a whole: also with a field that none of these is.
    pub(super) fn whole(&self, fields: &[&str]) -> Option<&str> {
        (!fields.contains(&self.field.as_str())).then_some(self.text.as_str())
    }

    /// The page with the form once more.
    pub(super) fn page(&self, page: &impl Template) -> HttpResponse {
        with_status(self.status, page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_is_told_at_the_name() {
        let fault = Fault::of(ControlError::conflict("name_taken", "taken")).unwrap();
        assert_eq!((fault.at("name"), fault.whole(&["name"])), (Some("Taken."), None));
        let fault = Fault::of(ControlError::conflict("last_admin", "no")).unwrap();
        assert_eq!(fault.whole(&["name"]), Some("No."));
        assert!(Fault::of(ControlError::Unavailable).is_err());
    }
}

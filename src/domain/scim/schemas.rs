//! The schemas that are served: users with the enterprise extension, and groups.

use super::schema::{Attribute, Kind, ResourceType, Schema};

/// What every resource has (RFC 7643, section 3.1).
pub(super) static COMMON: [Attribute; 3] = [
    Attribute::text("id", "The id that the gateway gave.").exact().mutability("readOnly"),
    Attribute::text("externalId", "The id that the provider gave.").exact(),
    Attribute::complex("meta", &META, "About the resource itself.").mutability("readOnly"),
];

static META: [Attribute; 5] = [
    Attribute::text("resourceType", "The name of its type.").exact().mutability("readOnly"),
    Attribute::of("created", Kind::DateTime, "When it was made.").mutability("readOnly"),
    Attribute::of("lastModified", Kind::DateTime, "When it was last changed.")
        .mutability("readOnly"),
    Attribute::of("location", Kind::Reference, "Where it is.").exact().mutability("readOnly"),
    Attribute::text("version", "Its ETag.").exact().mutability("readOnly"),
];

static NAME: [Attribute; 6] = [
    Attribute::text("formatted", "The full name, as it is shown."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "The middle names."),
    Attribute::text("honorificPrefix", "Titles before the name."),
    Attribute::text("honorificSuffix", "What stands behind the name."),
];

const DISPLAY: Attribute = Attribute::text("display", "How it is shown.");
const PRIMARY: Attribute =
    Attribute::of("primary", Kind::Boolean, "Whether it is the first choice.");

static EMAIL: [Attribute; 4] = [
    Attribute::text("value", "The address."),
    DISPLAY,
    Attribute::text("type", "What it is for.").canonical(&["work", "home", "other"]),
    PRIMARY,
];

static PHONE: [Attribute; 4] = [
    Attribute::text("value", "The number."),
    DISPLAY,
    Attribute::text("type", "What it is for.")
        .canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

static ADDRESS: [Attribute; 8] = [
    Attribute::text("formatted", "The whole address, as it is shown."),
    Attribute::text("streetAddress", "The street."),
    Attribute::text("locality", "The town."),
    Attribute::text("region", "The state or region."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country."),
    Attribute::text("type", "What it is for.").canonical(&["work", "home", "other"]),
    PRIMARY,
];

static GROUP_OF_USER: [Attribute; 3] = [
    Attribute::text("value", "The group's id.").exact().mutability("readOnly"),
    Attribute::of("$ref", Kind::Reference, "Where the group is.")
        .refers_to(&["Group"])
        .mutability("readOnly"),
    Attribute::text("display", "The group's name.").mutability("readOnly"),
];

static USER_ATTRIBUTES: [Attribute; 15] = [
    Attribute::text("userName", "The name that the user has at the provider.").required().unique(),
    Attribute::complex("name", &NAME, "The parts of the user's name."),
    Attribute::text("displayName", "The name that is shown."),
    Attribute::text("nickName", "What the user is called."),
    Attribute::of("profileUrl", Kind::Reference, "A page about the user.").refers_to(&["external"]),
    Attribute::text("title", "The user's title."),
    Attribute::text("userType", "How the user belongs to the organisation."),
    Attribute::text("preferredLanguage", "The preferred language."),
    Attribute::text("locale", "The locale."),
    Attribute::text("timezone", "The time zone."),
    Attribute::of(
        "active",
        Kind::Boolean,
        "Whether keys and sessions of the user open the gateway.",
    ),
    Attribute::complex("emails", &EMAIL, "E-mail addresses.").many(),
    Attribute::complex("phoneNumbers", &PHONE, "Phone numbers.").many(),
    Attribute::complex("addresses", &ADDRESS, "Addresses.").many(),
    Attribute::complex("groups", &GROUP_OF_USER, "The groups that the user is in.")
        .many()
        .mutability("readOnly"),
];

static MANAGER: [Attribute; 3] = [
    Attribute::text("value", "The manager's id.").exact(),
    Attribute::of("$ref", Kind::Reference, "Where the manager is.").refers_to(&["User"]),
    Attribute::text("displayName", "The manager's name.").mutability("readOnly"),
];

static ENTERPRISE_ATTRIBUTES: [Attribute; 6] = [
    Attribute::text("employeeNumber", "The employee's number."),
    Attribute::text("costCenter", "The cost centre."),
    Attribute::text("organization", "The organisation."),
    Attribute::text("division", "The division."),
    Attribute::text("department", "The department."),
    Attribute::complex("manager", &MANAGER, "The user's manager."),
];

static MEMBER: [Attribute; 3] = [
    Attribute::text("value", "The member's id.").exact().mutability("immutable"),
    Attribute::of("$ref", Kind::Reference, "Where the member is.")
        .refers_to(&["User"])
        .mutability("immutable"),
    Attribute::text("type", "What the member is.").canonical(&["User"]).mutability("immutable"),
];

static GROUP_ATTRIBUTES: [Attribute; 2] = [
    Attribute::text("displayName", "The name of the group.").required(),
    Attribute::complex("members", &MEMBER, "The users that are in the group.").many(),
];

static USER_SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "Somebody who uses the gateway.",
    attributes: &USER_ATTRIBUTES,
};

static ENTERPRISE_SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "What an organisation knows of its people.",
    attributes: &ENTERPRISE_ATTRIBUTES,
};

static GROUP_SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "Users that belong together.",
    attributes: &GROUP_ATTRIBUTES,
};

/// Users.
pub static USER: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "Users of the gateway that the provider has.",
    schema: &USER_SCHEMA,
    extensions: &[&ENTERPRISE_SCHEMA],
};

/// Groups.
pub static GROUP: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Groups of the provider's users.",
    schema: &GROUP_SCHEMA,
    extensions: &[],
};

/// All kinds of resources.
pub static RESOURCE_TYPES: [&ResourceType; 2] = [&USER, &GROUP];

/// All schemas of resources.
pub static SCHEMAS: [&Schema; 3] = [&USER_SCHEMA, &ENTERPRISE_SCHEMA, &GROUP_SCHEMA];

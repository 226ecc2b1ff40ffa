package object

// kind is what a type of STIX must have beside the common properties.
type kind struct {
	need []string   // required properties
	any  []string   // at least one of these
	then []timeRule // times in order
}

// timeRule says that a time must not be before another one; strict: not equal
// either.
type timeRule struct {
	first, then string
	strict      bool
}

// seen is the rule most objects with a span have.
var seen = []timeRule{{"first_seen", "last_seen", false}}

// domain are the domain, relationship and meta objects of STIX 2.1 (chapters
// 4, 5 and 7).
var domain = map[string]kind{
	"attack-pattern":   {need: []string{"name"}},
	"campaign":         {need: []string{"name"}, then: seen},
	"course-of-action": {need: []string{"name"}},
	"grouping":         {need: []string{"context", "object_refs"}},
	"identity":         {need: []string{"name"}},
	"incident":         {need: []string{"name"}},
	"indicator":        {need: []string{"pattern", "pattern_type", "valid_from"}, then: []timeRule{{"valid_from", "valid_until", true}}},
	"infrastructure":   {need: []string{"name"}, then: seen},
	"intrusion-set":    {need: []string{"name"}, then: seen},
	"location":         {any: []string{"region", "country", "latitude", "longitude"}},
	"malware":          {need: []string{"is_family"}, then: seen},
	"malware-analysis": {need: []string{"product"}, any: []string{"result", "analysis_sco_refs"}, then: []timeRule{{"analysis_started", "analysis_ended", false}}},
	"note":             {need: []string{"content", "object_refs"}},
	"observed-data":    {need: []string{"first_observed", "last_observed", "number_observed"}, any: []string{"objects", "object_refs"}, then: []timeRule{{"first_observed", "last_observed", false}}},
	"opinion":          {need: []string{"opinion", "object_refs"}},
	"report":           {need: []string{"name", "published", "object_refs"}},
	"threat-actor":     {need: []string{"name"}, then: seen},
	"tool":             {need: []string{"name"}},
	"vulnerability":    {need: []string{"name"}},

	"relationship": {need: []string{"relationship_type", "source_ref", "target_ref"}, then: []timeRule{{"start_time", "stop_time", true}}},
	"sighting":     {need: []string{"sighting_of_ref"}, then: seen},

	"language-content":     {need: []string{"object_ref", "contents"}},
	"extension-definition": {need: []string{"created_by_ref", "name", "schema", "version", "extension_types"}},
}

// domain20 are the objects that STIX 2.0 (part 2) wants otherwise.
var domain20 = map[string]kind{
	"attack-pattern":   {need: []string{"name"}},
	"campaign":         {need: []string{"name"}},
	"course-of-action": {need: []string{"name"}},
	"identity":         {need: []string{"name", "identity_class"}},
	"indicator":        {need: []string{"labels", "pattern", "valid_from"}, then: []timeRule{{"valid_from", "valid_until", true}}},
	"intrusion-set":    {need: []string{"name"}},
	"malware":          {need: []string{"labels", "name"}},
	"observed-data":    {need: []string{"first_observed", "last_observed", "number_observed", "objects"}},
	"report":           {need: []string{"labels", "name", "published", "object_refs"}},
	"threat-actor":     {need: []string{"labels", "name"}},
	"tool":             {need: []string{"labels", "name"}},
	"vulnerability":    {need: []string{"name"}},
	"relationship":     {need: []string{"relationship_type", "source_ref", "target_ref"}},
	"sighting":         {need: []string{"sighting_of_ref"}},
}

// observables are the cyber-observable objects of STIX 2.1 (chapter 6), which
// have no version.
var observables = map[string]kind{
	"artifact":             {any: []string{"payload_bin", "url"}},
	"autonomous-system":    {need: []string{"number"}},
	"directory":            {need: []string{"path"}},
	"domain-name":          {need: []string{"value"}},
	"email-addr":           {need: []string{"value"}},
	"email-message":        {need: []string{"is_multipart"}},
	"file":                 {any: []string{"name", "hashes"}},
	"ipv4-addr":            {need: []string{"value"}},
	"ipv6-addr":            {need: []string{"value"}},
	"mac-addr":             {need: []string{"value"}},
	"mutex":                {need: []string{"name"}},
	"network-traffic":      {need: []string{"protocols"}, any: []string{"src_ref", "dst_ref"}},
	"process":              {},
	"software":             {need: []string{"name"}},
	"url":                  {need: []string{"value"}},
	"user-account":         {any: []string{"user_id", "account_login", "account_type", "display_name", "credential", "extensions", "is_service_account", "is_privileged", "can_escalate_privs", "is_disabled", "account_created", "account_expires", "credential_last_changed", "account_first_login", "account_last_login"}},
	"windows-registry-key": {any: []string{"key", "values", "modified_time", "creator_user_ref", "number_of_subkeys"}},
	"x509-certificate":     {any: []string{"is_self_signed", "hashes", "version", "serial_number", "signature_algorithm", "issuer", "validity_not_before", "validity_not_after", "subject", "subject_public_key_algorithm", "subject_public_key_modulus", "subject_public_key_exponent", "x509_v3_extensions"}},
}

// times are the properties of STIX that are timestamps wherever they stand at
// the top of an object.
var times = []string{
	"created", "modified", "valid_from", "valid_until", "first_seen", "last_seen", "first_observed", "last_observed", "published",
	"start_time", "stop_time", "object_modified", "submitted", "analysis_started", "analysis_ended",
}

// A global rule decides about all others of its file. Written for the
// differential test.
global rule not_too_small { condition: filesize > 60 }
global private rule has_an_e { strings: $e = "e" condition: $e }
rule after_globals { condition: true }
rule with_string { strings: $a = "needle" condition: $a }

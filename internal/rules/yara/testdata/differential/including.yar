// Includes. Written for the differential test.
include "included/base.yar"
rule uses_included { condition: included_rule and filesize > 0 }

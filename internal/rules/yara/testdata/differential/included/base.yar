// Included by including.yar.
rule included_rule { strings: $a = "needle" condition: $a }

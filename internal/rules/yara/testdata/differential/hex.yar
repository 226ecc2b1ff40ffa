// Hex strings. Written for the differential test.
rule hex_plain { strings: $a = { 6E 65 65 64 6C 65 } condition: $a }
rule hex_wild { strings: $a = { 6E ?? 65 64 } $b = { 6? ?5 65 } condition: any of them }
rule hex_jump { strings: $a = { 6E 65 [2-4] 65 } condition: $a }
rule hex_jump_exact { strings: $a = { 68 61 79 [5] 20 } condition: $a }
rule hex_jump_open { strings: $a = { 6E 65 65 [-] 68 61 79 } condition: $a }
rule hex_jump_from { strings: $a = { 68 61 79 [10-] 6E 65 65 64 } condition: #a > 0 }
rule hex_jump_long { strings: $a = { 4D 5A [100-600] 50 45 00 00 } condition: $a }
rule hex_chain { strings: $a = { 31 32 [0-300] 33 34 [0-300] 35 36 } condition: $a }
rule hex_alternative { strings: $a = { 6E ( 65 65 | 6F 6F ) 64 } condition: $a }
rule hex_alternative_deep { strings: $a = { ( 6E ( 65 | 61 ) | 68 61 79 ) ( 73 74 | 65 64 ) } condition: $a }
rule hex_alternative_jump { strings: $a = { 6E ( 65 [1-3] 64 | 61 62 63 ) 6C } condition: $a }
rule hex_comment { strings: $a = { 6E /* e */ 65 // e
  65 64 } condition: $a }
rule hex_many_wild { strings: $a = { 00 ?? ?? 00 00 ?? FF } condition: $a }
rule hex_count { strings: $a = { 00 00 } condition: #a > 10 }
rule hex_nibbles { strings: $a = { ?D ?A 9? } $b = { F? ?F } condition: any of them }

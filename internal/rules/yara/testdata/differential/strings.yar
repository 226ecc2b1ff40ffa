// Kinds of strings and their modifiers. Written for the differential test.
rule text_plain { strings: $a = "needle" condition: $a }
rule text_escapes { strings: $a = "tab\there\\ \x41\x42\"" condition: $a }
rule text_nocase { strings: $a = "NeEdLe" nocase condition: #a > 1 }
rule text_wide { strings: $a = "needle" wide condition: $a }
rule text_both { strings: $a = "needle" wide ascii condition: #a >= 2 }
rule text_nocase_wide { strings: $a = "needle" nocase wide ascii condition: any of them }
rule text_fullword { strings: $a = "needle" fullword condition: $a }
rule text_fullword_wide { strings: $a = "needle" fullword wide condition: $a }
rule text_short { strings: $a = "a" $b = "Zz" $c = "xyz" condition: 2 of them }
rule text_one_byte_wide { strings: $a = "q" wide ascii condition: $a }
rule xor_any { strings: $a = "This program cannot" xor condition: $a }
rule xor_range { strings: $a = "secretkey" xor(0x10-0x20) condition: $a }
rule xor_one { strings: $a = "secretkey" xor(66) condition: $a }
rule xor_wide { strings: $a = "secretkey" xor wide condition: $a }
rule xor_both { strings: $a = "secretkey" xor(1-255) wide ascii condition: #a > 0 }
rule xor_fullword { strings: $a = "secretkey" xor fullword condition: $a }
rule base64_default { strings: $a = "This program cannot" base64 condition: $a }
rule base64_wide { strings: $a = "This program cannot" base64wide condition: $a }
rule base64_of_wide { strings: $a = "needle" wide ascii base64 condition: $a }
rule base64_both { strings: $a = "This program cannot" base64 base64wide condition: #a > 1 }
rule base64_alphabet {
  strings: $a = "This program cannot" base64("!@#$%^&*(){}[].,|ABCDEFGHIJ\x09LMNOPQRSTUVWXYZabcdefghijklmnopqrstu")
  condition: $a
}
rule private_string { strings: $a = "needle" private $b = "haystack" condition: $a and $b }
rule anonymous { strings: $ = "needle" $ = "haystack" $ = "missing!" condition: 2 of them }
rule fixed_at { strings: $a = "MZ" $b = "head" condition: $a at 0 or $b at 0 }
rule fixed_two { strings: $a = "MZ" condition: $a at 0 or $a at 64 }

// Small text rules that HTTP, JSON and HTML share: case, lists, escapes. No locale anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medarc::web {

inline char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string to_lower_ascii(std::string_view text);
std::string_view trim(std::string_view text);  // blanks and tabs at both ends

// Pieces between `separator`, trimmed, empty ones left out; separators inside "quoted \" strings"
// do not count.
std::vector<std::string_view> split_list(std::string_view text, char separator);

// RFC 9110 5.6.2: a non-empty run of token characters.
bool is_token(std::string_view text);

// All digits, at most 19 of them; nullopt for anything else.
std::optional<uint64_t> parse_decimal(std::string_view text);

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

// Text for HTML content and quoted attributes; what is no UTF-8 and control characters become U+FFFD.
std::string html_escape(std::string_view text);

}  // namespace medarc::web

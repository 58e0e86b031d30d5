// Text read as if it were in some encoding: whether it can be, and how much it then looks like what
// people write. Encodings are those that devices send without saying so, which Specific Character
// Set (0008,0005) often has no term for.
//
// Thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace medarc::dicom::senders {

enum class Script { any, chinese, japanese, korean, cyrillic, greek, hebrew, arabic, latin };

struct TextEncoding {
  std::string_view name;       // as reports and the configuration write it
  std::string_view converter;  // what ICU calls it
  Script script;               // of what is written in it
  double prior = 1;            // how often devices are met that use it
};

// Those a doctor thinks of.
std::span<const TextEncoding> suspected_encodings();

// By its name, or a defined term of one byte a character, UTF-8 or GB18030; nullptr: none such.
const TextEncoding* find_encoding(std::string_view name);

// UTF-8. nullopt: some bytes mean nothing there, or mean what text does not hold (C1 controls,
// private use, unassigned).
std::optional<std::string> read_strictly(const TextEncoding& encoding, ByteView bytes);

// Of text that could be read: from 0 (nobody writes so) to 1 (of the characters people use most).
double likelihood(const TextEncoding& encoding, ByteView bytes, std::string_view utf8);

// Letters of a language as they stand in words: not a sign inside a word of signs, no small letter
// before a capital, not more than three letters beyond ASCII in a row where the script is Latin.
bool looks_written(std::string_view utf8);

// Characters beyond ASCII.
size_t wide_characters(std::string_view utf8);

}  // namespace medarc::dicom::senders

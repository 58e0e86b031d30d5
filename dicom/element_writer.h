// Elements as octets of a data set, in any native encoding (PS3.5 7.1) and one character set. For
// what we compose ourselves; received objects keep their bytes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dicom/charset.h"
#include "dicom/dictionary.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {

// The longest value of a VR whose length has sixteen bits: even.
inline constexpr size_t kShortLengthMax = 0xFFFE;

// Immutable; thread-safe.
class ElementWriter {
 public:
  ElementWriter(Encoding encoding, Charset charset);
  // Tag, VR and length; 0xFFFFFFFF: undefined.
  void head(Bytes& out, Tag tag, Vr vr, uint32_t length) const;
  // Items and delimiters.
  void item_head(Bytes& out, Tag tag, uint32_t length) const;
  void element(Bytes& out, Tag tag, Vr vr, ByteView value) const;
  // Of text and numbers, as index::Attribute has them; of even length. What is too long for the
  // length's sixteen bits is cut at a value's end; what is not in the character set is left out.
  Bytes value(Vr vr, const std::vector<std::string>& values) const;
  // Words that are little endian, in this encoding's byte order.
  Bytes words(Vr vr, Bytes little_endian) const;

 private:
  void word(Bytes& out, uint64_t value, size_t size) const;
  void number(Bytes& out, Vr vr, const std::string& text) const;

  const Charset charset_;
  const bool implicit_, big_;
};

// What text is written in: the default repertoire, else what the reader named (`wanted`: values of
// (0008,0005)), else UTF-8, whichever first `fits`. `term`: what (0008,0005) has to say then.
Charset fitting_charset(const std::vector<std::string>& wanted,
                        const std::function<bool(const Charset&)>& fits,
                        std::vector<std::string>& term);

}  // namespace medarc::dicom

// Text in the encodings that devices use, made with ICU.
#pragma once

#include <gtest/gtest.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <string>

#include "base/bytes.h"

namespace medarc::test {

// `converter`: ICU's name. Fails the test when it has no bytes for some of the text.
inline Bytes encoded(const char* converter, std::string_view utf8) {
  UErrorCode error = U_ZERO_ERROR;
  UConverter* c = ucnv_open(converter, &error);
  ucnv_setFromUCallBack(c, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8(std::string(utf8));
  Bytes out(static_cast<size_t>(text.length()) * 4 + 16, '\0');
  const int32_t n = ucnv_fromUChars(c, out.data(), static_cast<int32_t>(out.size()),
                                    text.getBuffer(), text.length(), &error);
  EXPECT_TRUE(U_SUCCESS(error)) << converter << " " << utf8;
  ucnv_close(c);
  out.resize(U_SUCCESS(error) ? static_cast<size_t>(n) : 0);
  return out;
}

}  // namespace medarc::test

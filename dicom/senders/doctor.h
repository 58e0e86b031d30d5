// The charset doctor: says when the text of an object is not in its declared Specific Character Set
// (0008,0005) but, as far as can be told, in another one.
//
// The texts of an object are judged together, as one sender writes in one way. The method: (1) what
// is declared is kept when every byte means something there and the words look written; a set of
// several bytes a character that reads without error is not doubted, but for GB 18030, which reads
// nearly everything. (2) Otherwise every encoding that devices are known to send is tried strictly;
// (3) those that can read all of it are compared by how usual the characters are that they give;
// (4) confidence is the share of the best one, bounded by how much text there is.
//
// Thread-safe. Remembers what it said of the last texts, for images of one series have the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace medarc::dicom {
class Scanner;
}

namespace medarc::dicom::senders {

struct Diagnosis {
  bool fits = true;      // every byte means something in the declared set
  bool doubted = false;  // `encoding` is said, with a confidence worth reporting
  std::string declared;  // its terms as they stand, "" for none
  bool known_terms = true;
  std::string encoding;  // readings.h names it; "" when nothing can be said
  int confidence = 0;    // per cent
};

struct DoctorLimits {
  size_t text_bytes_max = 16u << 10;  // more of an object's text is not looked at
  int confidence_min = 60;            // to report; below, only that the text does not fit
};

// `texts`: whole values with bytes beyond ASCII, of any VR that Specific Character Set governs.
Diagnosis diagnose(const std::vector<std::string>& declared_terms,
                   const std::vector<ByteView>& texts, const DoctorLimits& limits = {});

// Of every text element that is in the object's own set. Text of plain ASCII costs a look at each
// byte and nothing more.
Diagnosis diagnose(const Scanner& scanner, const DoctorLimits& limits = {});

// "GB18030, declared as ISO_IR 100", and how sure that is and why. Terms that nobody knows are not
// repeated.
std::string summary(const Diagnosis& diagnosis);
std::string grounds(const Diagnosis& diagnosis);

}  // namespace medarc::dicom::senders

// Datasets of strangers under the rules for senders: the charset doctor looks at them, corrections
// are carried out on them, and what comes out must be a dataset that reads as the one that was
// written. The first octet chooses the encoding, the second the rules.
#include <cstdlib>

#include "dicom/convert.h"
#include "dicom/json.h"
#include "dicom/senders/corrections.h"
#include "dicom/senders/doctor.h"
#include "dicom/senders/tally.h"

using namespace medarc;
using namespace medarc::dicom;

namespace {

senders::Corrections chosen(uint8_t rules) {
  constexpr const char* kEncodings[] = {"",       "GB18030",      "Shift_JIS",
                                        "EUC-KR", "windows-1251", "ISO_IR 100"};
  senders::Corrections out;
  out.text_encoding = kEncodings[rules % std::size(kEncodings)];
  out.uids.steps = rules >> 3 & 15;
  if ((rules & 0x80) != 0) {
    using Kind = senders::Coercion::Kind;
    out.coercions = {{Kind::set, Tag{0x00080080}, {}, "St. Example"},
                     {Kind::copy, Tag{0x00100020}, Tag{0x00100021}, {}},
                     {Kind::remove, Tag{0x00100010}, {}, {}}};
  }
  out.system = "MEDARC";
  out.source = "SENDER";
  return out;
}

// What the pieces give, where the dataset itself is at hand.
Bytes written(const std::vector<Piece>& pieces, ByteView dataset) {
  Bytes out;
  for (const Piece& p : pieces) {
    out += p.range.length == 0 ? p.literal : Bytes(dataset.substr(p.range.begin, p.range.length));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded || size < 2) return 0;
  const ByteView bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  (void)senders::decode_corrections(bytes);
  senders::Tally tally;
  (void)tally.decode(bytes);
  const Limits limits;
  constexpr Encoding kEncodings[] = {Encoding::implicit_little, Encoding::explicit_little,
                                     Encoding::explicit_big};
  Scanner scanner(kEncodings[data[0] % 3], limits);
  if (scanner.feed(bytes).has_error() || scanner.finish().has_error()) return 0;
  const senders::Diagnosis diagnosis = senders::diagnose(scanner);
  if (diagnosis.confidence < 0 || diagnosis.confidence > 100) std::abort();
  if (diagnosis.doubted && diagnosis.encoding.empty()) std::abort();
  const auto changes = senders::apply(chosen(data[1]), scanner);
  (void)metadata_json(scanner, "1.2", kExplicitLittle);
  if (changes.empty() || !scanner.warnings().empty()) return 0;
  // Read again it says the same; of values without a VR, and of longer ones, only that it reads.
  const bool big = scanner.encoding() == Encoding::explicit_big;
  const Bytes out =
      written(big ? explicit_big_pieces(scanner) : explicit_little_pieces(scanner), bytes);
  Scanner again(big ? Encoding::explicit_big : Encoding::explicit_little, limits);
  if (again.feed(out).has_error() || again.finish().has_error()) std::abort();
  if (again.find(Tag{0x04000561}) == nullptr) std::abort();
  (void)metadata_json(again, "1.2", kExplicitLittle);
  return 0;
}

// Everything parsed from an association before and around a dataset: PDUs, PDVs, command sets, and
// the negotiation over them. The first octet chooses the PDU type, the rest is its body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/dimse/command.h"
#include "dicom/ul/negotiation.h"
#include "dicom/ul/pdu.h"

using namespace medarc;
using namespace medarc::dicom;

namespace {

// What was parsed and encoded again must parse to the same.
template <class Pdu, class Parse>
void check_round_trip(const Result<Pdu>& parsed, Parse parse) {
  if (parsed.has_error()) return;
  const Bytes again = ul::encode(*parsed);
  if (again.size() > 60'000) return;  // longer than 16-bit item lengths may carry
  const auto back = parse(ByteView(again).substr(ul::kPduHeaderBytes));
  if (back.has_error() || !(*back == *parsed)) std::abort();
}

void negotiate(const Result<ul::AssociateRq>& rq) {
  if (rq.has_error()) return;
  ul::Policy policy;
  policy.any_called_aet = true;
  (void)ul::refusal(*rq, policy);
  const auto agreement = ul::agree(*rq, policy);
  if (agreement.has_error()) return;
  if (agreement->answer.contexts.size() != rq->contexts.size()) std::abort();
  (void)ul::encode(agreement->answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteView body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto parse_rq = [](ByteView v) { return ul::parse_associate_rq(v, 128); };
  switch (data[0] % 6) {
    case 0: {
      const auto rq = parse_rq(body);
      check_round_trip(rq, parse_rq);
      negotiate(rq);
      break;
    }
    case 1: check_round_trip(ul::parse_associate_ac(body), ul::parse_associate_ac); break;
    case 2: check_round_trip(ul::parse_associate_rj(body), ul::parse_associate_rj); break;
    case 3: check_round_trip(ul::parse_abort(body), ul::parse_abort); break;
    case 4: {
      const auto pdvs = ul::parse_p_data(body);
      size_t bytes = 0;
      if (pdvs.has_value()) {
        for (const ul::Pdv& pdv : *pdvs) bytes += ul::kPdvHeaderBytes + pdv.fragment.size();
        if (bytes != body.size()) std::abort();
      }
      break;
    }
    case 5: {
      const auto command = dimse::parse_command(body);
      if (command.has_value() && dimse::parse_command(dimse::encode(*command)).has_error()) {
        std::abort();
      }
      break;
    }
  }
  return 0;
}

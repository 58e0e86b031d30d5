// Work items of invented patients, as DICOM JSON.
#pragma once

#include <string>

namespace medarc::test {

inline std::string code_json(const std::string& value, const std::string& scheme = "99LOCAL") {
  return R"([{"00080100":{"vr":"SH","Value":[")" + value +
         R"("]},"00080102":{"vr":"SH","Value":[")" + scheme +
         R"("]},"00080104":{"vr":"LO","Value":["Meaning"]}}])";
}

// What PS3.4 table CC.2.5-3 wants of a new item, complete. `more`: further members, each with a
// comma before it.
inline std::string work_item_json(const std::string& label = "Read CT",
                                  const std::string& more = {},
                                  const std::string& state = "SCHEDULED",
                                  const std::string& station = "READ1") {
  return R"({"00081080":{"vr":"LO"},"00081084":{"vr":"SQ"},)"
         R"("00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^Jane"}]},)"
         R"("00100020":{"vr":"LO","Value":["P1"]},"00100030":{"vr":"DA","Value":["19700101"]},)"
         R"("00100040":{"vr":"CS","Value":["F"]},"00101002":{"vr":"SQ"},"00380010":{"vr":"LO"},)"
         R"("00380014":{"vr":"SQ"},"00400400":{"vr":"LT"},)"
         R"("00404005":{"vr":"DT","Value":["20260102080000"]},)"
         R"("00404018":{"vr":"SQ","Value":)" +
         code_json("110001", "DCM") + R"(},"00404021":{"vr":"SQ"},"00404025":{"vr":"SQ","Value":)" +
         code_json(station) +
         R"(},"00404026":{"vr":"SQ"},"00404027":{"vr":"SQ"},)"
         R"("00404041":{"vr":"CS","Value":["READY"]},)"
         R"("0040A370":{"vr":"SQ","Value":[{"00080050":{"vr":"SH","Value":["A1"]},)"
         R"("0020000D":{"vr":"UI","Value":["1.2.77"]},"00401001":{"vr":"SH","Value":["RP1"]}}]},)"
         R"("00741000":{"vr":"CS","Value":[")" +
         state +
         R"("]},"00741002":{"vr":"SQ"},"00741200":{"vr":"CS","Value":["MEDIUM"]},)"
         R"("00741202":{"vr":"LO","Value":["CT reading"]},"00741204":{"vr":"LO","Value":[")" +
         label + R"("]},"00741210":{"vr":"SQ"},"00741216":{"vr":"SQ"})" + more + "}";
}

inline std::string state_json(const std::string& state, const std::string& transaction) {
  std::string out = R"({"00741000":{"vr":"CS","Value":[")" + state + R"("]})";
  if (!transaction.empty()) {
    out += R"(,"00081195":{"vr":"UI","Value":[")" + transaction + R"("]})";
  }
  return out + "}";
}

// What an item needs before COMPLETED, and (canceled) before CANCELED.
inline std::string performed_json() {
  return R"({"00741216":{"vr":"SQ","Value":[{"00404028":{"vr":"SQ","Value":)" + code_json("READ1") +
         R"(},"00404019":{"vr":"SQ","Value":)" + code_json("110001", "DCM") +
         R"(},"00404050":{"vr":"DT","Value":["20260102080100"]},)"
         R"("00404051":{"vr":"DT","Value":["20260102080200"]},"00404033":{"vr":"SQ"}}]}})";
}
inline std::string discontinued_json() {
  return R"({"00741002":{"vr":"SQ","Value":[{"0074100E":{"vr":"SQ","Value":)" +
         code_json("110515", "DCM") + R"(},"00741238":{"vr":"LT","Value":["Patient refused"]}}]}})";
}

}  // namespace medarc::test

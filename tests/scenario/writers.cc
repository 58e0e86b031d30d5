#include "tests/scenario/writers.h"

namespace medarc::test {
namespace {

constexpr uint64_t kKinds = 4;  // object numbers are dealt out to the writers in turn
constexpr int kAnswerTimeoutMs = 20'000;

}  // namespace

Writers::Writers(uint16_t http_port, uint16_t dicom_port, uint64_t first)
    : http_port_(http_port), dicom_port_(dicom_port) {
  const uint64_t base = first * kKinds;
  threads_.emplace_back([this, base] { by_dimse(base); });
  threads_.emplace_back([this, base] { by_stow(base + 1); });
  threads_.emplace_back([this, base] { by_upload(base + 2); });
  threads_.emplace_back([this, base] { by_fhir(base + 3); });
}

Writers::~Writers() { stop(); }

std::vector<Acknowledged> Writers::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return std::move(kept_);
}

void Writers::keep(Acknowledged one) {
  std::lock_guard lock(mutex_);
  kept_.push_back(std::move(one));
  ++count_;
}

void Writers::by_dimse(uint64_t number) {
  RawAssociation association(dicom_port_, store_request("WRITER"));
  if (!association.established()) return;
  for (; !stopping_; number += kKinds) {
    const SmallObject object = make_object(number, 2000 + number % 7 * 9000);
    if (!c_store(association, object)) return;
    keep({"C-STORE", object.url(), Acknowledged::Check::dataset, sha256_hex(object.dataset)});
  }
  association.release();
}

void Writers::by_stow(uint64_t number) {
  HttpClient client(http_port_, kAnswerTimeoutMs);
  for (; !stopping_; number += kKinds) {
    const SmallObject object = make_object(number, 1000 + number % 5 * 20000);
    if (!stow(client, {object})) return;
    keep({"STOW", object.url(), Acknowledged::Check::whole, sha256_hex(object.file)});
  }
}

void Writers::by_upload(uint64_t number) {
  HttpClient client(http_port_, kAnswerTimeoutMs);
  for (; !stopping_; number += kKinds) {
    const bool bam = number / kKinds % 2 == 0;
    const std::string bytes = bam ? make_bam(number) : make_fastq(number, 100);
    const auto id = upload(client, "x" + std::to_string(number) + (bam ? ".bam" : ".fastq"),
                           "SC-" + std::to_string(number), bytes);
    if (!id) return;
    keep({"upload", "/genomics/files/" + *id + "/content", Acknowledged::Check::whole,
          sha256_hex(bytes)});
  }
}

void Writers::by_fhir(uint64_t number) {
  HttpClient client(http_port_, kAnswerTimeoutMs);
  for (; !stopping_; number += kKinds) {
    const std::string name = "Family" + std::to_string(number);
    const std::string body =
        R"({"resourceType":"Patient","identifier":[{"system":"urn:scenario","value":"F)" +
        std::to_string(number) + R"("}],"name":[{"family":")" + name + R"("}]})";
    const HttpAnswer answer = client.request(
        "POST", "/fhir/Patient", {{"Content-Type", "application/fhir+json"}}, body);
    if (answer.status != 201) return;
    const auto ids = json_values(answer.body, "id");
    if (ids.empty()) return;
    keep({"FHIR", "/fhir/Patient/" + ids.front(), Acknowledged::Check::json_contains,
          "\"" + name + "\""});
  }
}

Reread read_back(uint16_t http_port, const std::vector<Acknowledged>& acknowledged) {
  Reread out;
  HttpClient client(http_port, kAnswerTimeoutMs);
  for (const Acknowledged& one : acknowledged) {
    const HttpAnswer answer = client.get(one.url);
    bool good = false;
    if (answer.status == 200) {
      switch (one.check) {
        case Acknowledged::Check::dataset:
          good = answer.body.size() > 144 && sha256_hex(dataset_of(answer.body)) == one.expect;
          break;
        case Acknowledged::Check::whole:
          good = sha256_hex(answer.body) == one.expect;
          break;
        case Acknowledged::Check::json_contains:
          good = answer.body.find(one.expect) != std::string::npos;
          break;
      }
    }
    if (good) continue;
    ++(answer.status == 200 ? out.altered : out.lost);
    if (out.examples.size() < 10) {
      out.examples.push_back(one.kind + " " + one.url + " → " + std::to_string(answer.status));
    }
    if (answer.status == 0) {
      // The connection is gone: without a new one everything after it would count as lost too.
      out.examples.push_back("the server closed the connection");
      break;
    }
  }
  return out;
}

}  // namespace medarc::test

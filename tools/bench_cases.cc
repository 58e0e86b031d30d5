#include "tools/bench_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tools/genome_import.h"
#include "tools/sample/dicom_file.h"
#include "tools/sample/random.h"
#include "tools/walk.h"
#include "web/genomics/routes.h"

namespace medarc::tools {
namespace {

constexpr size_t kPicksMax = 10'000;  // objects to choose from

// A new object in each call: 40 instances a series, two series a study.
Bytes bench_object(uint64_t number, uint64_t run, uint64_t bytes) {
  sample::DicomFile file;
  const std::string series = fmt::format("bench {} {}", run, number / 40);
  file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
  file.text(0x00080018, "UI", sample::make_uid(fmt::format("{} {}", series, number)));
  file.text(0x00080020, "DA", "20260101");
  file.text(0x00080050, "SH", fmt::format("B{}", number / 80));
  file.text(0x00080060, "CS", "OT");
  file.text(0x00100010, "PN", fmt::format("Bench^{}", number / 80));
  file.text(0x00100020, "LO", fmt::format("BENCH-{}", number / 80));
  file.text(0x0020000D, "UI", sample::make_uid(fmt::format("bench {} {}", run, number / 80)));
  file.text(0x0020000E, "UI", sample::make_uid(series));
  file.text(0x00200013, "IS", std::to_string(number % 40 + 1));
  const auto columns = static_cast<uint16_t>(512);
  const auto rows = static_cast<uint16_t>(std::clamp<uint64_t>(bytes / 1024, 1, 65535));
  file.us(0x00280002, 1);
  file.text(0x00280004, "CS", "MONOCHROME2");
  file.us(0x00280010, rows);
  file.us(0x00280011, columns);
  file.us(0x00280100, 16);
  file.us(0x00280101, 12);
  file.us(0x00280102, 11);
  file.us(0x00280103, 0);
  Bytes pixels(size_t{rows} * columns * 2, '\0');
  sample::Random random(number ^ run);
  for (size_t i = 0; i + 8 <= pixels.size(); i += 8) {
    const uint64_t v = random.next() & 0x0FFF0FFF0FFF0FFFull;
    std::memcpy(pixels.data() + i, &v, sizeof v);
  }
  file.pixels("OW", std::move(pixels));
  return file.encode();
}

Result<Timing> bench_store(Opened& opened, const BenchOptions& options) {
  // Another number in each run, so that nothing is a duplicate of an earlier one.
  const auto run = static_cast<uint64_t>(now().us);
  // Made beforehand, a bounded number at a time would distort the rhythm: at most 1 GiB of objects.
  const uint64_t made =
      std::min<uint64_t>(options.count, (1ull << 30) / (options.object_bytes + 1024));
  if (made < options.count) {
    return make_error(Code::invalid_argument,
                      fmt::format("at most {} objects of this size in one run", made));
  }
  std::vector<Bytes> objects;
  for (uint64_t i = 0; i < made; ++i) objects.push_back(bench_object(i, run, options.object_bytes));
  const auto principal = operator_principal();
  return time_steps(options.count, options.threads, [&](unsigned, uint64_t i) -> Result<uint64_t> {
    auto incoming = dicom::receive_file(*opened.imaging, principal, {});
    MEDARC_TRY(incoming->write(objects[i]));
    std::vector<dicom::Prepared> prepared(1);
    MEDARC_ASSIGN(prepared[0], incoming->prepare());
    const auto stored = opened.imaging->commit(principal, std::move(prepared));
    if (stored.has_error()) return stored.error();
    return objects[i].size();
  });
}

Result<Timing> bench_find(Opened& opened, const BenchOptions& options) {
  std::vector<std::string> accessions;
  const auto stop = make_error(Code::cancelled, "enough");
  const Status walked =
      for_each_study(*opened.index->view(), [&](const index::StudyRow& row) -> Status {
        const std::string_view accession = row.attributes.first(index::Tag{0x00080050});
        if (!accession.empty()) accessions.emplace_back(accession);
        return accessions.size() < kPicksMax ? Status() : Status(stop);
      });
  if (walked.has_error() && walked.error().code != Code::cancelled) return walked.error();
  if (accessions.empty()) return make_error(Code::not_found, "no study with an accession number");
  const auto principal = operator_principal();
  return time_steps(options.count, options.threads, [&](unsigned, uint64_t i) -> Result<uint64_t> {
    index::Query query;
    query.kind = index::Kind::study;
    index::Term term;
    term.field = index::Tag{0x00080050};
    term.values = {accessions[sample::Random::mix(i) % accessions.size()]};
    query.all_of_any = {{term}};
    const auto view = opened.index->view();
    MEDARC_ASSIGN(const index::Page page, opened.imaging->find(principal, *view, query));
    uint64_t bytes = 0;
    for (const index::Match& match : page.matches) bytes += match.row.value.size();
    return bytes;
  });
}

Result<Timing> bench_frame(Opened& opened, const BenchOptions& options) {
  std::vector<index::InstanceRow> rows;
  const auto stop = make_error(Code::cancelled, "enough");
  const Status walked =
      for_each_instance(*opened.index->view(), {}, [&](const index::InstanceRow& row) -> Status {
        if (!row.frame_table.empty()) rows.push_back(row);
        return rows.size() < kPicksMax ? Status() : Status(stop);
      });
  if (walked.has_error() && walked.error().code != Code::cancelled) return walked.error();
  if (rows.empty()) return make_error(Code::not_found, "no instance with frames");
  const auto principal = operator_principal();
  return time_steps(options.count, options.threads, [&](unsigned, uint64_t i) -> Result<uint64_t> {
    const index::InstanceRow& row = rows[sample::Random::mix(i) % rows.size()];
    MEDARC_ASSIGN(dicom::FrameContent content,
                  opened.imaging->frames(principal, row, {1}, dicom::Form::original));
    std::vector<char> buffer(256 * 1024);
    uint64_t bytes = 0;
    for (dicom::Content& frame : content.frames) {
      while (true) {
        MEDARC_ASSIGN(const size_t n, frame.source->read(buffer.data(), buffer.size()));
        if (n == 0) break;
        bytes += n;
      }
    }
    return bytes;
  });
}

Result<Timing> bench_region(Opened& opened, const BenchOptions& options) {
  const auto principal = operator_principal();
  return time_steps(options.count, options.threads, [&](unsigned, uint64_t) {
    return read_region(opened, principal, options.file, options.region);
  });
}

// The whole way of a request for a ticket but the socket: routing aside, what the server does.
Result<Timing> bench_ticket(Opened& opened, const BenchOptions& options) {
  MEDARC_ASSIGN(const auto row,
                opened.genomes->file(operator_principal(), genomics::FileId(options.file)));
  MEDARC_ASSIGN(const auto set, opened.genomes->read_set(operator_principal(), row));
  MEDARC_ASSIGN(const auto asked, genomics::parse_samtools_region(options.region, set->header));
  MEDARC_ASSIGN(opened.uploads,
                genomics::ResumableUploads::open(posix_fs(), opened.data + "/uploads",
                                                 *opened.genomes, opened.settings.uploads));
  const auto routes =
      web::genomics_routes(*opened.genomes, *opened.uploads, opened.settings.genomics_door);
  const std::string path = row.format == "bam" || row.format == "cram" ? "/htsget/reads/{id...}"
                                                                       : "/htsget/variants/{id...}";
  const auto route = std::find_if(routes.begin(), routes.end(), [&](const web::Route& r) {
    return r.method == "GET" && r.path == path;
  });
  if (route == routes.end()) return make_error(Code::internal, "no route " + path);
  web::Request request;
  request.method = "GET";
  request.path = path;
  request.captures = {options.file};
  request.principal = operator_principal();
  request.base_url = "http://127.0.0.1:8042";
  if (asked.tid == genomics::kUnplaced) {
    request.query = {{"referenceName", "*"}};
  } else {
    request.query = {{"referenceName", set->header.references[static_cast<size_t>(asked.tid)].name},
                     {"start", std::to_string(asked.begin)},
                     {"end", std::to_string(asked.end)}};
  }
  return time_steps(options.count, options.threads, [&](unsigned, uint64_t) -> Result<uint64_t> {
    const web::Answer answer = route->answer(request);
    const auto* response = std::get_if<web::Response>(&answer);
    const Bytes* body = response == nullptr ? nullptr : std::get_if<Bytes>(&response->body);
    if (body == nullptr || response->status != 200) {
      return make_error(Code::internal, body == nullptr ? "no ticket" : *body);
    }
    return body->size();
  });
}

}  // namespace

std::vector<BenchCase> bench_cases() {
  return {{"store", "Store new objects, each durable before the next", true, false, bench_store},
          {"find", "Find a study by accession number", false, false, bench_find},
          {"frame", "Read the first frame of an instance", false, false, bench_frame},
          {"region", "Read the reads of a region", false, true, bench_region},
          {"ticket", "Answer an htsget request for a region", false, true, bench_ticket}};
}

}  // namespace medarc::tools

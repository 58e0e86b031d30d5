#include "records/document_reference.h"

#include "records/identity.h"
#include "records/imaging_study.h"
#include "records/patient_resource.h"

namespace medarc::records {
namespace {

constexpr uint64_t kUnsignedIntMax = 2147483647;  // FHIR unsignedInt; larger files go without size

std::string escaped(std::string_view segment) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (char c : segment) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<uint8_t>(c) >> 4];
      out += kHex[static_cast<uint8_t>(c) & 15];
    }
  }
  return out;
}

Json content(std::string_view type, std::string url, std::string_view title,
             std::string_view format) {
  Json attachment = Json::object({{"contentType", Json::string(type)}, {"url", Json::string(url)}});
  if (!title.empty()) attachment.set("title", Json::string(title));
  return Json::object({{"attachment", std::move(attachment)},
                       {"format", Json::object({{"system", Json::string("urn:medarc:format")},
                                                {"code", Json::string(format)}})}});
}

}  // namespace

std::string media_type_of(const index::FileRow& file) {
  if (file.format == "bam") return "application/vnd.ga4gh.bam";
  if (file.format == "cram") return "application/vnd.ga4gh.cram";
  if (file.format == "bcf") return "application/vnd.ga4gh.bcf";
  if (file.format == "vcf") return "application/vnd.ga4gh.vcf";
  if (file.name.ends_with(".gz")) return "application/gzip";
  const bool text = file.format == "fastq" || file.format == "fasta" || file.format == "bed";
  return text ? "text/plain" : "application/octet-stream";
}

Json document_reference_json(const index::FileRow& file, const std::string& base_url) {
  const std::string at = base_url + "/genomics/files/" + escaped(file.id.value);
  const bool reads = file.format == "bam" || file.format == "cram";
  const bool variants = file.format == "vcf" || file.format == "bcf";
  Json out = Json::object({{"resourceType", Json::string("DocumentReference")}});
  Json identifiers = Json::array();
  auto digest = [&](std::string_view system, std::string value) {
    if (!value.empty()) {
      identifiers.add(
          Json::object({{"system", Json::string(system)}, {"value", Json::string(value)}}));
    }
  };
  digest("urn:medarc:sha256", file.blob.hex());
  digest("urn:medarc:md5", file.md5_hex);
  out.set("identifier", std::move(identifiers));
  out.set("status", Json::string("current"));
  out.set("type",
          Json::object({{"text", Json::string(reads                  ? "Aligned sequencing reads"
                                              : variants             ? "Sequence variants"
                                              : file.format == "bed" ? "Genomic regions"
                                                                     : "Sequencing data")}}));
  out.set("category", Json::array({Json::object({{"text", Json::string("Genomics")}})}));
  if (!file.patient.value.empty()) {
    out.set("subject", Json::object({{"reference", Json::string("Patient/" + file.patient.value)},
                                     {"type", Json::string("Patient")}}));
  }
  out.set("date", Json::string(instant_text(file.received)));
  if (!file.name.empty()) out.set("description", Json::string(file.name));
  Json whole = content(media_type_of(file), at + "/content", file.name, file.format);
  Json attachment = *whole.find("attachment");
  if (file.bytes <= kUnsignedIntMax) attachment.set("size", Json::number(file.bytes));
  attachment.set("creation", Json::string(instant_text(file.received)));
  whole.set("attachment", std::move(attachment));
  Json contents = Json::array({std::move(whole)});
  if (file.format == "bam" || (variants && file.block_map_blob)) {
    contents.add(content(
        "application/vnd.ga4gh.htsget.v1.3.0+json",
        base_url + (variants ? "/htsget/variants/" : "/htsget/reads/") + escaped(file.id.value), "",
        "htsget"));
  }
  if (file.index_blob) {
    contents.add(content("application/octet-stream", at + "/index", "", file.index_kind));
  }
  out.set("content", std::move(contents));
  Json related = Json::array();
  for (const std::string& sample : file.samples) {
    if (sample.empty()) continue;
    related.add(Json::object({{"type", Json::string("Specimen")},
                              {"identifier", Json::object({{"value", Json::string(sample)}})},
                              {"display", Json::string("Sample " + sample)}}));
  }
  if (!related.items().empty()) {
    out.set("context", Json::object({{"related", std::move(related)}}));
  }
  set_identity(out, "DocumentReference", resource_id_of(file.id), version_of(file.received),
               file.received);
  return out;
}

}  // namespace medarc::records

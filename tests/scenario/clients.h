// What the scenario tests send and ask: small objects with known bytes, through the real doors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/http_client.h"
#include "tests/support/raw_association.h"
#include "tests/support/server_process.h"

namespace medarc::test {

std::string sha256_hex(std::string_view bytes);
// "a b" → "a%20b".
std::string url_encode(std::string_view text);
// The dataset of a Part 10 file: what follows its file meta information.
std::string dataset_of(std::string_view part10);

// A secondary capture of its own study, made of `number`; of a patient of its own unless named.
struct SmallObject {
  std::string study, series, instance, sop_class;
  std::string file;     // Part 10
  std::string dataset;
  std::string url() const;  // below the server: ".../instances/{uid}/original"
};
SmallObject make_object(uint64_t number, size_t pixel_bytes, const std::string& patient = {});

// A tiny sorted BAM, other bytes for each `number`.
std::string make_bam(uint64_t number);
// FASTQ text of `records_count` records.
std::string make_fastq(uint64_t number, size_t records_count);

// An association that proposes Secondary Capture in Explicit VR Little Endian as context 1.
RawRequest store_request(const std::string& calling);
bool c_store(RawAssociation& association, const SmallObject& object);  // status 0000

std::string stow_body(const std::vector<SmallObject>& objects);
bool stow(HttpClient& client, const std::vector<SmallObject>& objects);  // 200

// POST /genomics/files; the id of the stored file.
std::optional<std::string> upload(HttpClient& client, const std::string& name,
                                  const std::string& patient, const std::string& bytes);

// The values of `"key": …` in a JSON text, in order; for answers whose form is fixed.
std::vector<std::string> json_values(const std::string& json, const std::string& key);
uint64_t json_number(const std::string& json, const std::string& key);  // UINT64_MAX: absent

}  // namespace medarc::test

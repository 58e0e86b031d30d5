// What DRS objects are called here (DRS 1.5, "DRS API Principles"). An id ends with a digest of
// what it stands for, so that it can never come to mean other bytes or another set of files, also
// when a file was removed and its own id was given to another one (D07). Ids have only characters
// that URLs take as they are (D08).
//
//   file~{file id}~{SHA-256 of one of the file's stored blobs: its own, its index's, …}
//   patient~{key}~{digest of the set}             the files that are linked to a patient
//   sample~{name}~{digest of the set}             the files that name a sample
//   patient.sample~{key}/{name}~{digest}          a patient's files that name this sample alone
//
// In the middle part '~' and two hex digits stand for an octet that is no letter, digit, '.', '-'
// or '_'. Without its digest, and of a file without "file~", it is a name: what it stands for is
// what is there now.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "genomics/genome_store.h"

namespace medarc::web {

struct DrsId {
  enum class Kind { file, patient, sample, patient_sample } kind = Kind::file;
  std::string name;
  std::optional<Digest> digest;  // none: a name
  bool bundle() const { return kind != Kind::file; }
  bool operator==(const DrsId&) const = default;
};

// `text` without percent escapes. nullopt: it is neither an id nor a name.
std::optional<DrsId> parse_drs_id(std::string_view text);
std::string to_text(const DrsId& id);

// The id of a blob that belongs to a file.
DrsId drs_id_of(const genomics::FileId& file, const Digest& blob);

}  // namespace medarc::web

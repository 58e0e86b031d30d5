// What was learnt about a study beside its objects: how the associations ended that brought it,
// what its senders asked storage commitment for, and whether it was announced as stable. What that
// says of the study's completeness is decided above (dicom/completeness/completeness.h).
//
// A note is an audit entry of a form of its own (below), so it is part of the chain; `apply` keeps
// the last ones of each study as a row, which goes with the study. Notes change no attribute of a
// study and not when it changed.
#pragma once

#include "index/index.h"

namespace medarc::index {

inline constexpr size_t kNotedPeersMax = 16;  // of each list; who was heard of longest ago goes

struct StudyNotes {
  // The last association by which `name` stored something of the study.
  struct Sender {
    std::string name;        // its principal
    bool released = false;   // it ended as PS3.8 7.2 has it, otherwise it broke off
    uint64_t instances = 0;  // of the study, acknowledged in it
    Timestamp ended;
  };
  // The last transaction by which `name` asked for instances of the study.
  struct Commitment {
    std::string name;        // its principal
    uint64_t committed = 0;  // instances of the study, each counted once
    uint64_t failed = 0;     // of those asked for in the transaction, other than missing
    uint64_t missing = 0;    // asked for, but not in the archive; only where no other study was
    Timestamp time;
  };
  std::vector<Sender> senders;             // oldest first
  std::vector<Commitment> commitments;     // likewise
  std::optional<Timestamp> stable_change;  // StudyRow::changed when it was announced
  Timestamp stable_since;                  // the announcement
};

// Empty: nothing is noted.
Result<StudyNotes> study_notes(View& view, const StudyUid& study);
// Through which commit the feed has been dealt with for stable studies; 0: never.
Result<archive::CommitNumber> stable_through(View& view);

// Notes as ops. The first two are passed over when the study is not here.
RecordAudit note_association(const StudyUid& study, std::string name, bool released,
                             uint64_t instances);
RecordAudit note_commitment(const StudyUid& study, std::string name, uint64_t committed,
                            uint64_t failed, uint64_t missing);
// The study has received nothing for a while: an event of the feed (Kind::study, done), once for
// each change. done; not_found; precondition_failed: it changed again; duplicate: it was announced.
// `through`: the commit up to which the feed has been dealt with, but for studies announced here.
RecordAudit announce_stable(const StudyUid& study, Timestamp changed,
                            archive::CommitNumber through);

// For apply: what an audit entry notes, if it is a note.
struct StudyNote {
  enum class Kind { association, commitment, stable };
  Kind kind = Kind::association;
  StudyUid study;
  std::vector<uint64_t> numbers;  // in the order of the arguments above
};
std::optional<StudyNote> read_note(const AuditEntry& entry);

namespace key {
inline constexpr std::string_view kStableThrough = "stable_through";
Bytes study_notes(ByteView study_id);
}  // namespace key

Bytes encode(const StudyNotes&);
Result<StudyNotes> decode_study_notes(ByteView);  // corrupt

}  // namespace medarc::index

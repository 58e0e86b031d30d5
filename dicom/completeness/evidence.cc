#include "dicom/completeness/evidence.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "dicom/json_elements.h"
#include "dicom/metadata_source.h"

namespace medarc::dicom {
namespace {

constexpr uint32_t kPageRows = 1000;
constexpr size_t kConcatenationsMax = 10'000;  // of a series
constexpr size_t kAcquisitionsMax = 10'000;    // of a study
constexpr std::string_view kKeyObjectSelection = "1.2.840.10008.5.1.4.1.1.88.59";
constexpr uint32_t kSopClass = 0x00080016, kModality = 0x00080060, kStudyUid = 0x0020000D,
                   kSeriesUid = 0x0020000E, kAcquisition = 0x00200012, kNumber = 0x00200013,
                   kImagesInAcquisition = 0x00201002, kStudySeries = 0x00201206,
                   kStudyInstances = 0x00201208, kSeriesInstances = 0x00201209,
                   kConcatenation = 0x00209161, kPart = 0x00209162, kParts = 0x00209163,
                   kReferencedInstance = 0x00081155, kReferencedSeries = 0x00081115,
                   kReferencedImages = 0x00081140, kReferencedInstances = 0x0008114A,
                   kReferencedSops = 0x00081199, kEvidence = 0x0040A375;

std::string text_of_value(const JsonElement& e) {
  const Attribute a = attribute_of(e);
  return a.values.empty() ? std::string() : a.values[0];
}

std::optional<int64_t> number_of_value(const JsonElement& e) {
  const std::string text = text_of_value(e);
  int64_t out = 0;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, failed] = std::from_chars(begin, text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (out < INT32_MIN || out > INT32_MAX) return std::nullopt;
  return out;
}

std::string first_text(std::string_view dataset, uint32_t tag) {
  const auto e = find_element(dataset, Tag{tag});
  return e ? text_of_value(*e) : std::string();
}

std::vector<std::string_view> items_in(std::string_view dataset, uint32_t sequence) {
  const auto e = find_element(dataset, Tag{sequence});
  return e ? json_entries(e->values) : std::vector<std::string_view>();
}

// What matters of one instance's metadata.
struct Instance {
  std::string sop_class, modality, concatenation;
  std::optional<int64_t> number, acquisition, in_acquisition, part, parts;
  std::optional<int64_t> study_series, study_instances, series_instances;  // as the sender counted
  std::string_view evidence, referenced_series;                            // "[…]" of items
};

Instance read_instance(std::string_view dataset) {
  Instance out;
  for_each_element(dataset, [&](const JsonElement& e) {
    switch (e.tag.value) {
      case kSopClass: out.sop_class = text_of_value(e); break;
      case kModality: out.modality = text_of_value(e); break;
      case kReferencedSeries: out.referenced_series = e.values; break;
      case kAcquisition: out.acquisition = number_of_value(e); break;
      case kNumber: out.number = number_of_value(e); break;
      case kImagesInAcquisition: out.in_acquisition = number_of_value(e); break;
      case kStudySeries: out.study_series = number_of_value(e); break;
      case kStudyInstances: out.study_instances = number_of_value(e); break;
      case kSeriesInstances: out.series_instances = number_of_value(e); break;
      case kConcatenation: out.concatenation = text_of_value(e); break;
      case kPart: out.part = number_of_value(e); break;
      case kParts: out.parts = number_of_value(e); break;
      case kEvidence: out.evidence = e.values; break;
      default: break;
    }
    return true;
  });
  return out;
}

class Looker {
 public:
  Looker(index::View& view, const StudyUid& study, const CompletenessOptions& options)
      : view_(view), study_(study), options_(options) {}

  Result<StudyLook> run() {
    index::Query query;
    query.kind = index::Kind::series;
    query.study = study_;
    query.order = index::Order::by_id;
    query.limit = kPageRows;
    do {
      MEDARC_ASSIGN(index::Page page, view_.query(query));
      for (const index::Match& match : page.matches) {
        MEDARC_ASSIGN(const index::SeriesRow row, index::decode_series(match.row.value));
        MEDARC_TRY(look_at_series(row.uid));
      }
      query.after = std::move(page.next);
    } while (!query.after.empty());
    count_acquisitions();
    add_count(out_.counts, "NumberOfStudyRelatedInstances", study_instances_, out_.instances);
    add_count(out_.counts, "NumberOfStudyRelatedSeries", study_series_, out_.series.size());
    MEDARC_TRY(settle_references());
    return std::move(out_);
  }

 private:
  struct Acquisition {
    uint64_t expected = 0, held = 0;
    std::map<size_t, uint64_t> by_series;
  };
  struct Manifest {
    std::string own;
    std::set<std::string> named;
  };

  static void raise(uint64_t& highest, const std::optional<int64_t>& value) {
    if (value && *value > 0) highest = std::max(highest, static_cast<uint64_t>(*value));
  }
  static void add_count(std::vector<ExpectedCount>& counts, const char* attribute,
                        uint64_t expected, uint64_t held) {
    if (expected > 0) counts.push_back({attribute, expected, held});
  }

  Status look_at_series(const SeriesUid& uid) {
    SeriesLook& look = out_.series.emplace_back();
    look.uid = uid;
    std::vector<int64_t> numbers;
    uint64_t series_instances = 0;
    struct Parts {
      std::set<int64_t> held;
      uint64_t expected = 0;
    };
    std::map<std::string, Parts> parts;
    Status failed;
    const auto take = [&](const SopInstanceUid& instance, ByteView packed) {
      if (++out_.instances > options_.instances_max) {
        failed = make_error(Code::too_large,
                            "the study has more instances than "
                            "completeness.instances_max");
        return false;
      }
      const auto dataset = unpack_metadata(packed);
      if (dataset.has_error()) {
        failed = dataset.error();
        return false;
      }
      const Instance read = read_instance(*dataset);
      ++look.instances;
      held_.insert(instance.value);
      if (!read.modality.empty()) look.modality = read.modality;
      if (read.number) numbers.push_back(*read.number);
      raise(series_instances, read.series_instances);
      raise(study_instances_, read.study_instances);
      raise(study_series_, read.study_series);
      if (!read.concatenation.empty() && read.part && parts.size() < kConcatenationsMax) {
        Parts& whole = parts[read.concatenation];
        whole.held.insert(*read.part);
        raise(whole.expected, read.parts);
      }
      if (read.in_acquisition.value_or(0) > 0 && acquisitions_.size() < kAcquisitionsMax) {
        // Numbers are used again by other equipment, seldom with the same count.
        Acquisition& acquisition =
            acquisitions_[{read.acquisition.value_or(0), *read.in_acquisition}];
        acquisition.expected = static_cast<uint64_t>(*read.in_acquisition);
        ++acquisition.held;
        ++acquisition.by_series[out_.series.size() - 1];
      }
      take_references(instance.value, read);
      return true;
    };
    MEDARC_TRY(view_.metadata(study_, uid, {}, take));
    MEDARC_TRY(failed);
    look.numbering = numbering_of(std::move(numbers), options_.told_max);
    add_count(look.counts, "NumberOfSeriesRelatedInstances", series_instances, look.instances);
    for (auto& [name, whole] : parts) {
      Concatenation c;
      c.uid = name;
      c.expected_given = whole.expected > 0;
      c.expected = c.expected_given
                       ? whole.expected
                       : static_cast<uint64_t>(std::max<int64_t>(0, *whole.held.rbegin()));
      c.held = whole.held.size();
      look.concatenations.push_back(std::move(c));
    }
    return {};
  }

  // One acquisition may be in several series: as images of each, or once more reconstructed. So a
  // series is told of it when all of it is there, or when it is in no other.
  void count_acquisitions() {
    std::map<size_t, ExpectedCount> sums;
    std::set<size_t> unclear;
    for (const auto& [key, acquisition] : acquisitions_) {
      for (const auto& [series, held] : acquisition.by_series) {
        if (held < acquisition.expected && acquisition.held >= acquisition.expected) {
          unclear.insert(series);
        }
        ExpectedCount& sum = sums[series];
        sum.expected += acquisition.expected;
        sum.held += std::min(held, acquisition.expected);
      }
    }
    for (auto& [series, sum] : sums) {
      if (unclear.contains(series)) continue;
      add_count(out_.series[series].counts, "ImagesInAcquisition", sum.expected, sum.held);
    }
  }

  void take_references(const std::string& instance, const Instance& read) {
    const bool manifest = read.sop_class == kKeyObjectSelection;
    std::set<std::string> named;
    for (const std::string_view study : json_entries(read.evidence)) {
      if (first_text(study, kStudyUid) != study_.value) continue;
      for (const std::string_view series : items_in(study, kReferencedSeries)) {
        take_series(series, manifest ? &named : nullptr);
      }
    }
    for (const std::string_view series : json_entries(read.referenced_series)) {
      take_series(series, nullptr);
    }
    if (named.empty() || named_ + named.size() > options_.references_max) return;
    named_ += named.size();
    manifests_.push_back({instance, std::move(named)});
  }

  void take_series(std::string_view item, std::set<std::string>* named) {
    const std::string series = first_text(item, kSeriesUid);
    for (const uint32_t sequence : {kReferencedSops, kReferencedImages, kReferencedInstances}) {
      for (const std::string_view one : items_in(item, sequence)) {
        std::string instance = first_text(one, kReferencedInstance);
        if (instance.empty()) continue;
        if (references_.size() >= options_.references_max && !references_.contains(instance)) {
          out_.references_cut = true;
          continue;
        }
        if (named != nullptr) named->insert(instance);
        references_.try_emplace(std::move(instance), series);
      }
    }
  }

  Status settle_references() {
    out_.references = references_.size();
    for (const auto& [instance, series] : references_) {
      if (held_.contains(instance)) continue;
      MEDARC_ASSIGN(const auto tombstone,
                    view_.tombstone(study_, SeriesUid(series), SopInstanceUid(instance)));
      if (tombstone) {
        ++out_.removed;
        continue;
      }
      ++out_.missing;
      if (out_.missing_told.size() < options_.told_max) out_.missing_told.push_back(instance);
    }
    std::set<std::string> selections;
    for (const Manifest& manifest : manifests_) selections.insert(manifest.own);
    for (const Manifest& manifest : manifests_) {
      const bool all_held =
          std::all_of(manifest.named.begin(), manifest.named.end(),
                      [&](const std::string& uid) { return held_.contains(uid); });
      const bool all_named = std::all_of(held_.begin(), held_.end(), [&](const std::string& uid) {
        return selections.contains(uid) || manifest.named.contains(uid);
      });
      if (all_held && all_named && !out_.references_cut) ++out_.manifests_whole;
    }
    return {};
  }

  index::View& view_;
  const StudyUid& study_;
  const CompletenessOptions& options_;
  StudyLook out_;
  std::set<std::string> held_;
  std::map<std::string, std::string> references_;  // instance, its series as referred to
  std::vector<Manifest> manifests_;
  std::map<std::pair<int64_t, int64_t>, Acquisition> acquisitions_;
  size_t named_ = 0;  // in all of manifests_
  uint64_t study_instances_ = 0, study_series_ = 0;
};

}  // namespace

Result<StudyLook> look_at_study(index::View& view, const StudyUid& study,
                                const CompletenessOptions& options) {
  return Looker(view, study, options).run();
}

}  // namespace medarc::dicom

// Deciding what rows cannot (question.h). Three ways, all exact:
//
//   - a condition of the row's own level is held against the row's element, or the instance's
//   metadata;
//   - an extra attribute of a study or series is decided once a study or series: any of its
//   instances
//     may have the value;
//   - the state of a study (completeness/state_elements.h) is decided once a study, after all else;
//   - where entries of an extra attribute (index/lookups.h) name the instances that may match,
//   nothing
//     else is looked at. What was committed since the entries were made is looked at as well.
#include <algorithm>
#include <map>
#include <set>

#include "dicom/completeness/state_elements.h"
#include "dicom/matching.h"
#include "dicom/metadata_source.h"
#include "dicom/question.h"
#include "dicom/zoned.h"

namespace medarc::dicom {
namespace {

using index::Kind;
using index::Term;
using index::TermOp;

constexpr uint32_t kPageRows = 1000;
constexpr uint32_t kEventsAtOnce = 1000;
constexpr Tag kStudyUid{0x0020000D}, kSeriesUid{0x0020000E};

Kind kind_of(Level level) {
  return level == Level::study    ? Kind::study
         : level == Level::series ? Kind::series
                                  : Kind::instance;
}

// The id of what an instance belongs to, at a level.
Bytes ancestor(ByteView instance_id, Level level) {
  const size_t first = instance_id.find('\0');
  if (level == Level::study) return Bytes(instance_id.substr(0, first));
  if (level == Level::series)
    return Bytes(instance_id.substr(0, instance_id.find('\0', first + 1)));
  return Bytes(instance_id);
}

class Settling {
 public:
  Settling(index::View& view, Question& question, const ExtraAttributes& extras,
           uint64_t instances_max)
      : view_(view), question_(question), extras_(extras), instances_max_(instances_max) {}

  Status run() {
    std::vector<Condition> by_row;
    std::vector<Condition> of_states;
    for (const Condition& c : question_.compared) {
      if (state_of(c) != nullptr) {
        of_states.push_back(c);
        continue;
      }
      MEDARC_ASSIGN(const auto ids, ids_for(c));
      if (of_many(c)) {
        MEDARC_ASSIGN(auto entities, ids ? entities_among(c, *ids) : entities_of_query(c));
        narrow(c.level, std::move(entities));
        continue;
      }
      if (ids) narrow(c.level, *ids);
      by_row.push_back(c);
    }
    by_row.insert(by_row.end(), of_states.begin(), of_states.end());
    if (!by_row.empty() || question_.zoned) MEDARC_TRY(compare_rows(by_row));
    return {};
  }

 private:
  static bool rows_have(const Condition& c) { return level_of(c.tag) != Level::none; }
  // An extra attribute of a study or series, which has the values of all its instances.
  static bool of_many(const Condition& c) { return c.level != Level::instance && !rows_have(c); }
  static const StudyStateElement* state_of(const Condition& c) {
    return study_state_element(c.tag, c.creator);
  }
  // What holds with some values holds with more of them, whoever has them.
  static bool decided_by_one(const Condition& c) {
    if (!c.items.empty()) return true;  // one item decides, and has one owner
    if (c.all_of_any.size() != 1) return false;
    return std::none_of(c.all_of_any[0].begin(), c.all_of_any[0].end(), [](const Term& term) {
      return term.op == TermOp::all_of || term.op == TermOp::empty;
    });
  }

  Status count_instance() { return count_instances(1); }
  Status count_instances(uint64_t count) {
    instances_read_ += count;
    if (instances_read_ <= instances_max_) return {};
    return make_error(Code::too_large, "the search would have to compare more than " +
                                           std::to_string(instances_max_) +
                                           " instances; narrow it");
  }

  // Only these entities of a level are left.
  void narrow(Level level, std::set<Bytes> entities) {
    index::Query& query = question_.query;
    if (kind_of(level) == query.kind) {
      auto left = std::make_shared<std::vector<Bytes>>();
      for (const Bytes& id : entities) {
        if (!query.among || std::binary_search(query.among->begin(), query.among->end(), id)) {
          left->push_back(id);
        }
      }
      query.among = std::move(left);
      return;
    }
    if (entities.empty()) {
      query.among = std::make_shared<std::vector<Bytes>>();
      return;
    }
    Term term{level == Level::study ? kStudyUid : kSeriesUid, TermOp::equal, {}};
    for (const Bytes& id : entities) {
      term.values.push_back(level == Level::study ? id : id.substr(id.find('\0') + 1));
    }
    query.all_of_any.push_back({std::move(term)});
  }

  // Instances that may meet the condition, by the entries of one extra attribute below it; nullopt:
  // there is none that helps.
  Result<std::optional<std::set<Bytes>>> ids_for(const Condition& root) {
    using Found = std::optional<std::set<Bytes>>;
    // Entries are of values as they stand.
    if (question_.zoned && compares_date_times(root)) return Found();
    if (rows_have(root) || (of_many(root) && !decided_by_one(root))) return Found();
    struct Part {
      const Condition* condition;
      std::vector<ExtraStep> path;
    };
    std::vector<Part> parts{{&root, {step_of(root.tag, root.creator)}}};
    for (size_t i = 0; i < parts.size(); ++i) {
      const Part part = parts[i];
      for (const Condition& item : part.condition->items) {
        auto path = part.path;
        path.push_back(step_of(item.tag, item.creator));
        parts.push_back({&item, std::move(path)});
      }
      const ExtraAttribute* extra = extras_.find(part.path);
      if (extra == nullptr) continue;
      for (const auto& group : part.condition->all_of_any) {
        MEDARC_ASSIGN(Found found, ids_by(*extra, group));
        if (found) return found;
      }
    }
    return Found();
  }

  Result<std::optional<std::set<Bytes>>> ids_by(const ExtraAttribute& extra,
                                                const std::vector<Term>& any) {
    using Found = std::optional<std::set<Bytes>>;
    MEDARC_ASSIGN(const auto through, view_.lookup_through(extra.name));
    if (!through) return Found();
    std::set<Bytes> out;
    const auto add = [&](ByteView id) {
      out.emplace(id);
      return out.size() <= instances_max_;
    };
    for (const Term& term : any) {
      MEDARC_ASSIGN(const bool possible, view_.look_up(extra.name, term, extra.vr, add));
      if (!possible) return Found();
    }
    // What is not in the entries yet.
    for (archive::CommitNumber after = *through; out.size() <= instances_max_;) {
      MEDARC_ASSIGN(const auto events, view_.feed(after, kEventsAtOnce));
      if (events.empty()) return Found(std::move(out));
      for (const index::Event& event : events) {
        if (event.kind == Kind::instance) out.insert(event.id);
      }
      after = events.back().number;
    }
    return Found();  // too many to be of help
  }

  // "": the instance is gone.
  Result<Bytes> dataset_of(const Bytes& id) {
    MEDARC_TRY(count_instance());
    const size_t first = id.find('\0'), second = id.find('\0', first + 1);
    Bytes packed;
    MEDARC_TRY(view_.metadata(index::StudyUid(id.substr(0, first)),
                              index::SeriesUid(id.substr(first + 1, second - first - 1)),
                              index::SopInstanceUid(id.substr(second + 1)),
                              [&](const index::SopInstanceUid&, ByteView zstd) {
                                packed = zstd;
                                return true;
                              }));
    if (packed.empty()) return Bytes();
    return unpack_metadata(packed);
  }

  // Studies or series of which one of these instances meets the condition.
  Result<std::set<Bytes>> entities_among(const Condition& c, const std::set<Bytes>& ids) {
    Comparer comparer(c);
    std::set<Bytes> out;
    for (const Bytes& id : ids) {
      Bytes entity = ancestor(id, c.level);
      if (out.contains(entity)) continue;
      MEDARC_ASSIGN(const Bytes dataset, dataset_of(id));
      if (dataset.empty()) continue;
      MEDARC_ASSIGN(const bool met, comparer.meets(dataset));
      if (met) out.insert(std::move(entity));
    }
    return out;
  }

  // The same over every instance below what the rows of that level, and those above it, leave.
  Result<std::set<Bytes>> entities_of_query(const Condition& c) {
    index::Query query = question_.query;
    const Kind kind = kind_of(c.level);
    query.among = nullptr;
    query.kind = Kind::instance;
    if (kind == Kind::study) query.series.reset();
    std::erase_if(query.all_of_any, [&](const auto& group) {
      return std::any_of(group.begin(), group.end(), [&](const Term& term) {
        return !reachable(matching_level(term.field), kind);
      });
    });
    Comparer comparer(c);
    const bool by_one = decided_by_one(c);
    std::set<Bytes> met;
    std::map<Bytes, index::Attribute> open;  // the values of all instances so far
    const auto take = [&](const index::Match& match) -> Status {
      Bytes entity = ancestor(match.row.id, c.level);
      if (met.contains(entity)) return {};
      MEDARC_ASSIGN(const Bytes dataset, dataset_of(match.row.id));
      const std::string zone = zone_for(match.study);
      if (by_one) {
        comparer.in_zone(zone);
        MEDARC_ASSIGN(const bool meets, comparer.meets(dataset));
        if (meets) met.insert(std::move(entity));
        return {};
      }
      auto element = element_of(dataset, c.tag, c.creator);
      index::Attribute& all = open[std::move(entity)];
      if (!element) return {};
      all.vr = element->vr;
      for (std::string& value : element->values) {
        if (!zone.empty() && is(c.vr, "DT")) value = with_zone(value, zone);
        const bool known =
            std::find(all.values.begin(), all.values.end(), value) != all.values.end();
        if (!known) all.values.push_back(std::move(value));
      }
      return {};
    };
    MEDARC_TRY(for_each(query, take));
    for (const auto& [entity, attribute] : open) {
      MEDARC_ASSIGN(const bool meets, comparer.meets(&attribute));
      if (meets) met.insert(entity);
    }
    return met;
  }

  // Of date-times; "": as they stand.
  std::string zone_for(const std::optional<index::StudyRow>& study) const {
    return question_.zoned ? zone_of(study ? &*study : nullptr, *question_.zoned) : "";
  }

  Status for_each(index::Query query, const std::function<Status(const index::Match&)>& visit) {
    query.order = index::Order::any;
    query.offset = 0;
    query.limit = kPageRows;
    query.after.clear();
    do {
      MEDARC_ASSIGN(index::Page page, view_.query(query));
      for (const index::Match& match : page.matches) MEDARC_TRY(visit(match));
      query.after = std::move(page.next);
    } while (!query.after.empty());
    return {};
  }

  // How many `instances` it took is counted.
  Result<bool> state_met(const Condition& c, Comparer& comparer, const Candidate& candidate) {
    if (!candidate.study) return false;
    auto& known = states_[{c.tag, candidate.study->uid.value}];
    if (!known) {
      uint64_t instances = 0;
      MEDARC_ASSIGN(const index::Attribute made,
                    study_state(view_, *candidate.study, c.tag, *state_of(c),
                                extras_.state_options(), at_, instances));
      MEDARC_TRY(count_instances(instances));
      MEDARC_ASSIGN(known, comparer.meets(&made));
    }
    return *known;
  }

  Status compare_rows(const std::vector<Condition>& conditions) {
    std::vector<Comparer> comparers(conditions.begin(), conditions.end());
    std::optional<ZonedComparer> zoned;
    if (question_.zoned) zoned.emplace(*question_.zoned);
    auto matching = std::make_shared<std::vector<Bytes>>();
    const auto compare = [&](const index::Match& match) -> Status {
      MEDARC_ASSIGN(Candidate candidate, Candidate::of(view_, match));
      if (zoned && !zoned->meets(candidate)) return {};
      const std::string zone = zone_for(candidate.study);
      bool counted = false;
      for (size_t i = 0; i < conditions.size(); ++i) {
        bool met = false;
        comparers[i].in_zone(zone);
        if (state_of(conditions[i]) != nullptr) {
          MEDARC_ASSIGN(met, state_met(conditions[i], comparers[i], candidate));
        } else if (rows_have(conditions[i])) {
          MEDARC_ASSIGN(const auto element, candidate.element(conditions[i].tag, {}));
          MEDARC_ASSIGN(met, comparers[i].meets(element ? &*element : nullptr));
        } else {
          if (!counted) MEDARC_TRY(count_instance());
          counted = true;
          MEDARC_ASSIGN(const std::string_view dataset, candidate.metadata());
          MEDARC_ASSIGN(met, comparers[i].meets(dataset));
        }
        if (!met) return {};
      }
      matching->push_back(match.row.id);
      return {};
    };
    MEDARC_TRY(for_each(question_.query, compare));
    std::sort(matching->begin(), matching->end());
    question_.query.among = std::move(matching);
    question_.query.all_of_any.clear();
    return {};
  }

  index::View& view_;
  Question& question_;
  const ExtraAttributes& extras_;
  const uint64_t instances_max_;
  const Timestamp at_ = now();
  uint64_t instances_read_ = 0;
  std::map<std::pair<Tag, std::string>, std::optional<bool>> states_;  // by element and study
};

}  // namespace

Status settle(index::View& view, Question& question, const ExtraAttributes& extras,
              uint64_t instances_max) {
  if (question.compared.empty() && !question.zoned) return {};
  return Settling(view, question, extras, instances_max).run();
}

}  // namespace medarc::dicom

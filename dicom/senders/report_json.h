// The report of what senders get wrong, for machines.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "dicom/senders/tally.h"

namespace medarc::dicom::senders {

// {"days":[{"day":"2026-11-21","senders":[{"sender":"OLDCT","count":7,"findings":[{"kind":…,
// "attribute":"00080005","keyword":…,"sop_class":…,"sop_class_name":…,"text":…,"count":…,
// "first":…,"last":…,"example":…}]}]}]}: the newest day first, what is most frequent first.
// `day`, `sender`: only those; "": all.
boost::json::object report_json(const Tally& tally, std::string_view day, std::string_view sender);

// One line of it.
boost::json::object line_json(const TallyKey& key, const TallyLine& line);

}  // namespace medarc::dicom::senders

// Collection: decide what nobody names any more (plan), say so in the log (drop), then win the room
// back by rewriting segments that are mostly dead.
//
// Order, so that a crash between any two steps loses nothing: the drop is a commit like any other;
// a rewritten segment is written whole under another name, synced, renamed, its new places are made
// durable in the catalog, and only then the old file goes.
#pragma once

#include "archive/pins.h"
#include "archive/segment_log.h"

namespace medarc::archive {

Result<GcPlan> plan_collection(SegmentLog& log, Catalog& catalog, Pins& pins);
Status collect_segments(SegmentLog& log, Catalog& catalog, Pins& pins, const GcPlan& plan,
                        const Progress& progress);

}  // namespace medarc::archive

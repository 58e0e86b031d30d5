#include "web/dicomweb/options.h"

namespace medarc::web {

DicomwebOptions DicomwebOptions::from(Config& config) {
  DicomwebOptions o;
  o.multipart = MultipartLimits::from(config);
  o.batch_objects_max = static_cast<uint32_t>(
      config.size("dicomweb.batch_objects_max", o.batch_objects_max,
                  "Objects of one STOW request made durable together.", 1, 10'000));
  o.batch_bytes_max = config.size("dicomweb.batch_bytes_max", o.batch_bytes_max,
                                  "Bytes of one STOW request made durable together.", 1);
  o.waiting_bytes_max =
      config.size("dicomweb.waiting_bytes_max", o.waiting_bytes_max,
                  "Metadata of one STOW request that waits for its bulk data, in memory.", 1);
  o.bulk_memory_bytes_max =
      config.size("dicomweb.bulk_memory_bytes_max", o.bulk_memory_bytes_max,
                  "Bulk data of one STOW request held in memory; more go to a temporary file.", 0);
  o.failures_max = static_cast<uint32_t>(
      config.size("dicomweb.failures_max", o.failures_max,
                  "Failed objects named in a STOW answer; more are counted only.", 1, 1'000'000));
  o.frames_max = static_cast<uint32_t>(config.size("dicomweb.frames_max", o.frames_max,
                                                   "Frame numbers in one request.", 1, 1'000'000));
  o.zip_instances_max = static_cast<uint32_t>(config.size(
      "dicomweb.zip_instances_max", o.zip_instances_max,
      "Instances in one ZIP answer, whose directory is made in memory; more are 413.", 1, 999'999));
  o.results_max =
      static_cast<uint32_t>(config.size("dicomweb.results_max", o.results_max,
                                        "Results of one search; then a Warning.", 1, 10'000'000));
  o.counted_beyond_max = config.size(
      "dicomweb.counted_beyond_max", o.counted_beyond_max,
      "Results counted past an answer to say how many more there are; beyond: \"at least\".", 1);
  o.pages_kept_max = static_cast<uint32_t>(config.size(
      "dicomweb.pages_kept_max", o.pages_kept_max,
      "Ends of answered pages remembered, so that the next page goes on there.", 0, 10'000'000));
  o.thumbnail_edge_max = static_cast<uint32_t>(
      config.size("dicomweb.thumbnail_edge_max", o.thumbnail_edge_max,
                  "Width and height in pixels of a thumbnail without a viewport.", 16, 4096));
  o.presented_images_max = static_cast<uint32_t>(
      config.size("dicomweb.presented_images_max", o.presented_images_max,
                  "Images and frames of one presentation state that is rendered.", 1, 100'000));
  o.strict_query = config.flag("dicomweb.strict_query", o.strict_query,
                               "Refuse unknown search keys (400) instead of warning.");
  o.no_match_204 = config.flag("dicomweb.no_match_204", o.no_match_204,
                               "Answer a search without a match with 204 instead of 200 [].");
  o.blank_preamble =
      config.flag("dicomweb.blank_preamble", o.blank_preamble,
                  "Serve objects with a preamble of zeros; /original stays as it was received.");
  return o;
}

}  // namespace medarc::web

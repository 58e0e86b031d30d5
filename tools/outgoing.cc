#include "tools/outgoing.h"

#include "base/fs.h"
#include "dicom/dimse/commitment_reports.h"
#include "dicom/dimse/deliveries.h"
#include "dicom/dimse/worklist_events.h"
#include "dicom/worklist/events.h"
#include "web/client/stow_deliveries.h"

namespace medarc::tools {

Status open_outgoing(Opened& opened) {
  const Settings& s = opened.settings;
  auto out = std::make_unique<Outgoing>();
  MEDARC_ASSIGN(out->attributes, dicom::AttributeIndexer::open(*opened.index, s.extras));
  out->study_notes = std::make_unique<dicom::StudyNoter>(*opened.index);
  MEDARC_ASSIGN(out->jobs, index::Jobs::open(*opened.index, s.jobs));
  out->stable_routes = std::make_shared<dicom::StableRoutes>(*opened.index, s.routes, *out->jobs);
  out->jobs->handle(dicom::kStableRouteJob, out->stable_routes);
  out->stable_studies = std::make_unique<dicom::StableStudies>(*opened.index, s.completeness,
                                                               out->stable_routes.get());
  out->commitments = std::make_unique<dicom::dimse::Commitments>(*opened.index, *opened.guard,
                                                                 *out->jobs, s.commitment);
  out->jobs->handle(dicom::dimse::kCommitmentJob,
                    std::make_shared<dicom::dimse::CommitmentReports>(
                        *out->commitments, s.dicom.destinations, s.dicom_limits, s.dicom.aet));
  const auto awaited = std::make_shared<dicom::dimse::AwaitedCommitments>(
      *opened.index, *opened.guard, *out->jobs, s.commitment);
  out->jobs->handle(dicom::dimse::kAwaitedCommitmentJob, awaited);
  // Also without rules: they come while the server runs, and what was queued under earlier ones is
  // still delivered.
  out->router = std::make_unique<dicom::dimse::Router>(s.routes, *out->jobs);
  opened.imaging = dicom::make_forwarding_imaging(*opened.index, *opened.guard, s.dicom_limits,
                                                  opened.codecs.get(), {s.render, {}}, s.extras,
                                                  {s.quirks, opened.refusals}, *out->router);
  out->jobs->handle(dicom::kDeliveryJob, std::make_shared<dicom::dimse::Deliveries>(
                                             *opened.imaging, awaited, s.dicom.destinations,
                                             s.dicom_limits, s.dicom.aet));
  out->jobs->handle(dicom::kStowDeliveryJob,
                    std::make_shared<web::StowDeliveries>(*opened.imaging, s.web_destinations));
  out->jobs->handle(dicom::worklist::kEventJob,
                    std::make_shared<dicom::dimse::WorklistEvents>(
                        s.dicom.destinations, s.dicom_limits, s.dicom.aet, s.worklist));
  out->worklist = std::make_unique<dicom::worklist::Worklist>(
      *opened.index, *opened.guard, *out->jobs, &s.dicom.destinations, s.worklist);
  MEDARC_ASSIGN(out->senders, dicom::senders::Report::open(posix_fs(), opened.data, *opened.index,
                                                           opened.refusals, s.sender_counts));
  dicom::CodecLimits one_worker = s.codecs;
  one_worker.workers = 1;
  out->recompress_codecs = dicom::CodecPool::create(std::move(one_worker));
  out->recompressor = std::make_unique<dicom::Recompressor>(*opened.index, s.dicom_limits,
                                                            *out->recompress_codecs, s.recompress);
  MEDARC_ASSIGN(out->recompression,
                dicom::RecompressSweep::open(posix_fs(), opened.data, *opened.index,
                                             s.recompress_rules, s.recompress, *out->recompressor));
  out->cold_files = std::make_unique<genomics::ColdFiles>(*opened.index, s.recompress);
  MEDARC_ASSIGN(out->cold, genomics::ColdSweep::open(posix_fs(), opened.data, *opened.index,
                                                     s.cold_rules, s.recompress, *out->cold_files));
  MEDARC_ASSIGN(out->sorting, genomics::Sorting::open(
                                  posix_fs(), opened.data + "/temporary", *opened.index, *out->jobs,
                                  *opened.guard, s.genomics, s.sorting, "medarc " MEDARC_VERSION));
  out->jobs->handle(genomics::kSortJob, out->sorting->handler());
  opened.genomes->sorted_by(out->sorting.get());
  opened.settings.dicom.commitments = out->commitments.get();
  opened.settings.dicom.commitment_receiver = awaited.get();
  opened.settings.dicom.guard = opened.guard.get();
  opened.settings.dicom.work_list = out->worklist.get();
  opened.settings.dicom.study_notes = out->study_notes.get();
  opened.outgoing = std::move(out);
  return {};
}

}  // namespace medarc::tools

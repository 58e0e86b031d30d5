// The wiring of an archive without its doors: what every admin verb and the server work on.
#pragma once

#include <memory>

#include "dicom/administration/administration.h"
#include "dicom/attribute_indexer.h"
#include "dicom/completeness/completeness.h"
#include "dicom/completeness/noter.h"
#include "dicom/completeness/stable.h"
#include "dicom/dimse/commitment.h"
#include "dicom/forwarding.h"
#include "dicom/history.h"
#include "dicom/recompress/sweep.h"
#include "dicom/senders/report.h"
#include "dicom/stable_routes.h"
#include "dicom/worklist/worklist.h"
#include "genomics/cold/sweep.h"
#include "genomics/genome_store.h"
#include "genomics/sorting.h"
#include "records/linked_service.h"
#include "records/patient_service.h"
#include "tools/settings.h"
#include "tools/verb.h"

namespace medarc::tools {

// What the server does of its own accord. Members are destroyed in reverse.
struct Outgoing {
  ~Outgoing() {
    if (jobs) jobs->stop();
  }
  std::unique_ptr<dicom::AttributeIndexer> attributes;
  std::unique_ptr<dicom::StudyNoter> study_notes;
  std::unique_ptr<index::Jobs> jobs;
  std::shared_ptr<dicom::StableRoutes> stable_routes;
  std::unique_ptr<dicom::StableStudies> stable_studies;
  std::unique_ptr<dicom::dimse::Commitments> commitments;
  std::unique_ptr<dicom::Forwarding> router;
  std::unique_ptr<dicom::worklist::Worklist> worklist;
  std::unique_ptr<dicom::senders::Report> senders;
  std::unique_ptr<dicom::CodecPool> recompress_codecs;  // a worker of its own: readers never wait
  std::unique_ptr<dicom::Recompressor> recompressor;
  std::unique_ptr<dicom::RecompressSweep> recompression;
  std::unique_ptr<genomics::Sorting> sorting;
  std::unique_ptr<genomics::ColdFiles> cold_files;
  std::unique_ptr<genomics::ColdSweep> cold;
};

// Members are destroyed in reverse: use cases first, the store last.
struct Opened {
  std::string data;  // the archive's directory
  Settings settings;
  std::unique_ptr<dicom::CodecPool> codecs;  // its workers start when they are needed
  std::unique_ptr<index::Index> index;       // which reads recompressed chunks with them
  std::unique_ptr<security::Guard> guard;
  std::unique_ptr<dicom::Administration> administration;  // after open_administration()
  std::shared_ptr<dicom::senders::Refusals> refusals;
  std::unique_ptr<dicom::Imaging> imaging;
  std::unique_ptr<dicom::History> history;
  std::unique_ptr<dicom::Completeness> completeness;
  std::unique_ptr<genomics::GenomeStore> genomes;
  std::unique_ptr<genomics::ResumableUploads> uploads;  // only while serving
  std::unique_ptr<Outgoing> outgoing;                   // likewise
  std::unique_ptr<records::PatientService> patients;
  std::unique_ptr<records::LinkedService> linked;
};

// Opens (and recovers) the archive in common.data. With `create` false a directory without an
// archive is not_found. Errors: conflict when a server or another verb has it open.
Result<std::unique_ptr<Opened>> open_archive(const Common& common, bool create);

// The same with settings already read; for `serve`.
Result<std::unique_ptr<Opened>> open_archive(const std::string& data, Settings settings,
                                             bool create);

// Puts the peers and rules of administrators into force, for `serve` and the verb `peer`.
Status open_administration(Opened& opened);

// Who works at the command line of the machine: everything is allowed, and audited as door "cli".
security::Principal operator_principal();

}  // namespace medarc::tools

#include "tools/opened.h"

#include <unistd.h>

#include "base/fs.h"
#include "dicom/dictionary.h"
#include "dicom/recompress/coded_chunk.h"
#include "genomics/cold/coded_blocks.h"
#include "genomics/hts_blob.h"

namespace medarc::tools {

security::Principal operator_principal() {
  security::Principal principal;
  principal.id = "uid:" + std::to_string(getuid());
  principal.roles = {security::Role::administrator};
  principal.door = "cli";
  return principal;
}

Result<std::unique_ptr<Opened>> open_archive(const std::string& data, Settings settings,
                                             bool create) {
  if (!create) {
    MEDARC_ASSIGN(const bool there, posix_fs().exists(data + "/log"));
    if (!there) {
      return make_error(Code::not_found, "no archive in this directory; name it with --data");
    }
  }
  genomics::hts_seal();
  MEDARC_TRY(dicom::load_dictionary());
  auto opened = std::make_unique<Opened>();
  opened->data = data;
  opened->settings = std::move(settings);
  opened->settings.dicomweb.temporary_directory = data + "/temporary";
  opened->codecs = dicom::CodecPool::create(opened->settings.codecs);
  auto index = index::open_index(posix_fs(), data, opened->settings.index);
  if (index.has_error() && index.error().code == Code::conflict) {
    return make_error(Code::conflict,
                      "the archive is in use by a running server or another command: stop that one "
                      "first, or use the server's own doors");
  }
  MEDARC_ASSIGN(opened->index, std::move(index));
  if (auto* recoding = archive::recoding_of(opened->index->blobs()); recoding != nullptr) {
    recoding->use(
        {{dicom::kCodedFirstByte, std::make_shared<dicom::ChunkDecoder>(*opened->codecs)},
         {genomics::kColdFirstByte, std::make_shared<genomics::ColdDecoder>()}},
        opened->settings.recompress.kept_bytes_max);
  }
  opened->guard = security::Guard::create(*opened->index, opened->settings.guard);
  opened->refusals = std::make_shared<dicom::senders::Refusals>(opened->settings.sender_counts);
  opened->imaging =
      dicom::Imaging::create(*opened->index, *opened->guard, opened->settings.dicom_limits,
                             opened->codecs.get(), {opened->settings.render, {}},
                             opened->settings.extras, {opened->settings.quirks, opened->refusals});
  opened->history = std::make_unique<dicom::History>(
      *opened->index, *opened->guard, opened->settings.dicom_limits, opened->settings.differences);
  opened->completeness = std::make_unique<dicom::Completeness>(*opened->index, *opened->guard,
                                                               opened->settings.completeness);
  opened->genomes = genomics::GenomeStore::create(
      *opened->index, *opened->guard, opened->settings.genomics, opened->settings.consent,
      std::make_unique<genomics::crypt4gh::Vault>(posix_fs(), data + "/keys",
                                                  opened->settings.crypt4gh));
  opened->patients = std::make_unique<records::PatientService>(
      *opened->index, *opened->guard, opened->settings.issuers, opened->settings.records);
  opened->linked = std::make_unique<records::LinkedService>(*opened->index, *opened->guard,
                                                            opened->settings.records);
  return opened;
}

Status open_administration(Opened& opened) {
  const Settings& s = opened.settings;
  MEDARC_ASSIGN(opened.administration, dicom::Administration::open(
                                           *opened.index, *opened.guard,
                                           {s.credentials, s.dicom.destinations, s.web_destinations,
                                            s.routes, s.dicom.aet, s.dicom_limits},
                                           s.administration));
  return {};
}

Result<std::unique_ptr<Opened>> open_archive(const Common& common, bool create) {
  MEDARC_ASSIGN(Config config, common.config());
  MEDARC_ASSIGN(Settings settings, Settings::from(config));
  return open_archive(common.data, std::move(settings), create);
}

}  // namespace medarc::tools

// Routing to DICOMweb servers: deliveries (dicom/delivery.h) made by STOW-RS (PS3.18 10.5), several
// instances a request, as stored (Implicit VR and big endian as Explicit VR Little Endian). Which
// of them were taken is read from the answer, instance by instance; the order of a destination is
// kept as over DIMSE.
#pragma once

#include "dicom/imaging.h"
#include "dicom/ul/socket.h"
#include "dicom/web_destinations.h"
#include "index/jobs.h"
#include "web/client/http_client.h"

namespace medarc::web {

class StowDeliveries final : public index::JobHandler {
 public:
  // Both outlive this.
  StowDeliveries(dicom::Imaging& imaging, const dicom::WebDestinations& destinations)
      : imaging_(imaging), destinations_(destinations) {}
  size_t batch_max() const override { return 100; }
  bool keeps_order() const override { return true; }
  std::vector<index::JobOutcome> run(const std::vector<index::JobRow>& jobs) override;
  void stop() override { stop_.raise(); }

 private:
  class Run;
  dicom::Imaging& imaging_;
  const dicom::WebDestinations& destinations_;
  dicom::ul::Signal stop_;
};

}  // namespace medarc::web

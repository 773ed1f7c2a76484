/* What stages of dvc.yaml gave, for commands about data. */
#pragma once

#include "mlops/dvc.h"

/* Adds the outs in dvc.lock that DVC keeps in its cache (mlops_dvc_add_out()); fine when there is none. */
MLOPS_API int mlops_dvc_add_stages(struct project *project, struct dvc *dvc,
				   struct mlops_error *err);

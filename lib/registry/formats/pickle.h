/* Shared by the formats that hold a pickle. */
#pragma once

#include "registry/formats/format.h"
#include "registry/pickle/pickle.h"

/* Adds globals and joblib's arrays to the build that is its argument. */
void format_pickle_event(void *build, const struct pickle_event *e);
/* Adds the tensors of a state dict of PyTorch, however deep they lie in dicts. */
void format_torch_tensors(struct build *b, const struct pickle_value *top);

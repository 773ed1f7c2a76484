/*
 * A note that the whole pipeline is up to date (.mlops/run/uptodate): the fingerprint of the files
 * that say what it is, and what each dependency and output held. Where all of it still holds there
 * is nothing to do, and no YAML has to be parsed to know. It may be deleted at any time.
 */
#pragma once

#include "pipeline/session.h"

/* Writes it down when every stage was found unchanged by its inputs. */
int memo_write(struct session *run, struct mlops_error *err);

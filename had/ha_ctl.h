/*
 * ha_ctl.h - the words that had understands on its control socket.
 *
 * What each answers is written down in doc/control.md.
 *
 * Layer: shell.
 */
#pragma once

#include "had/had.h"

/* Open the socket that the configuration names. 0 or -errno. */
int ha_ctl_open(struct had *d);

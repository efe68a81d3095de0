/*
 * hv_conf.h - what an operator may set for the programs beside a hypervisor: the rows of
 * hypervisor.conf, and their values.
 *
 * Layer: shell.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define HV_PATH_MAX 107 /* octets of a socket's path */
#define HV_URI_MAX 255

#define HV_DEADLINE_MS 2000
#define HV_CONF_FILE SYSCONFDIR "/mrd/hypervisor.conf"

struct hv_conf {
	char control[HV_PATH_MAX + 1];
	char libvirt[HV_URI_MAX + 1];
	char watched[HV_PATH_MAX + 1];
	int64_t deadline_ms;
	bool insist;
};

/*
 * Read the file; NULL: HV_CONF_FILE, which need not exist. 0, or -errno after messages on
 * stderr.
 */
int hv_conf_load(const char *file, struct hv_conf *ret_conf);
int hv_conf_print_doc(FILE *out);

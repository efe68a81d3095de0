/*
 * hv_doc.c - print the table of keys of hypervisor.conf for homeport-libvirt(8), from the rows
 * that the programs read. Built and run while building; not installed. Layer: shell.
 */
#include <stdlib.h>

#include "hypervisor-hooks/hv_conf.h"

int
main(void)
{
	return hv_conf_print_doc(stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

# Copyright (c) 2026 the cellsweep authors. MIT licence.
#
# A package for Spack 1.0 or later: put this file into a repository of yours as packages/cellsweep/package.py, then
#     spack dev-build cellsweep@0.2.0            from the root of the sources
from spack_repo.builtin.build_systems.makefile import MakefilePackage

from spack.package import *


class Cellsweep(MakefilePackage):
    """Experiment sweeps on imbalanced single-cell images, under MPI."""

    homepage = "https://example.invalid/cellsweep"
    has_code = False  # sources are those of `spack dev-build`

    license("MIT")

    version("0.2.0")

    depends_on("c", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("protobuf-c", type=("build", "link"))
    depends_on("help2man", type="build")
    depends_on("openmpi")
    depends_on("hdf5+mpi")
    depends_on("openblas threads=none")
    depends_on("libyaml")
    depends_on("random123", type="build")
    depends_on("xxhash")
    depends_on("libpng")
    depends_on("libtiff")
    depends_on("openjpeg")
    depends_on("libjpeg-turbo")
    depends_on("libzip")
    depends_on("zlib-api")
    depends_on("libmicrohttpd")
    depends_on("jansson")
    depends_on("nettle")
    depends_on("py-onnx", type="build")  # for onnx.proto, which package onnx does not install
    depends_on("gsl")
    depends_on("libsvm")
    depends_on("xgboost")
    depends_on("gnuplot", type="run")

    def edit(self, spec, prefix):
        # The header of libsvm is <libsvm/svm.h> here, <svm.h> there; build/generated is looked into first.
        mkdirp("build/generated/libsvm")
        copy(join_path(spec["libsvm"].prefix.include, "svm.h"), "build/generated/libsvm")

    @property
    def build_targets(self):
        # xgboost, libsvm and random123 have no .pc file that is of use: the compiler wrapper finds headers and libraries. libsvm is
        # a static library of C++ there. gsl stays last: its plain cblas must come after openblas.
        packages = (
            "ompi-c hdf5 openblas yaml-0.1 libxxhash libpng libtiff-4 libopenjp2 libjpeg libzip zlib "
            "libmicrohttpd jansson nettle libprotobuf-c gsl"
        )
        return [
            "build/cellsweep",
            "man",
            f"PACKAGES={packages}",
            f"CC={spack_cc}",
            "LDLIBS=-lxgboost -lstdc++",
            f"ONNX_PROTO={self.onnx_proto()}",
            "WEB=none",
            f"COMMIT=v{self.spec.version}",
        ]

    def onnx_proto(self):
        found = find(self.spec["py-onnx"].prefix, "onnx.proto")
        if not found:
            raise InstallError("this version of py-onnx has no onnx.proto: choose another")
        return found[0]

    def install(self, spec, prefix):
        make("install", f"PREFIX={prefix}")

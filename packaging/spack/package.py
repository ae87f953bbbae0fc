# Copyright (c) 2026 the cellsweep authors. MIT licence.
#
# A package for Spack: put this file into a repository of yours as packages/cellsweep/package.py, then
#     spack dev-build cellsweep@0.2.0            from the root of the sources
from spack.package import *


class Cellsweep(MakefilePackage):
    """Experiment sweeps on imbalanced single-cell images, under MPI."""

    homepage = "https://example.invalid/cellsweep"
    has_code = False  # sources are those of `spack dev-build`

    license("MIT")

    version("0.2.0")

    depends_on("c", type="build")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("protobuf-c", type=("build", "link"))
    depends_on("help2man", type="build")
    depends_on("openmpi")
    depends_on("hdf5+mpi+hl")
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
    depends_on("onnx", type="build")
    depends_on("gsl")
    depends_on("libsvm")
    depends_on("xgboost")
    depends_on("gnuplot", type="run")

    @property
    def build_targets(self):
        # xgboost, libsvm and random123 have no .pc file there: headers and libraries are found by the compiler wrapper.
        # gsl stays last: its plain cblas must come after openblas.
        packages = (
            "ompi-c hdf5 openblas yaml-0.1 libxxhash libpng libtiff-4 libopenjp2 libjpeg libzip zlib "
            "libmicrohttpd jansson nettle libprotobuf-c gsl"
        )
        return [
            "build/cellsweep",
            "man",
            f"PACKAGES={packages}",
            f"CC={spack_cc}",
            "LDLIBS=-lxgboost",
            f"ONNX_PROTO={self.onnx_proto()}",
            "WEB=none",
            f"COMMIT=v{self.spec.version}",
        ]

    def onnx_proto(self):
        found = find(self.spec["onnx"].prefix, "onnx.proto")
        return found[0] if found else "/usr/include/onnx/onnx.proto"

    def install(self, spec, prefix):
        make("install", f"PREFIX={prefix}")

# The image in which a cluster runs the trials of a sweep.
#
#     docker build --tag REGISTRY/jupyter-mlops-worker:0.1.0 .
#     docker push REGISTRY/jupyter-mlops-worker:0.1.0
#
# It holds what runs a notebook and reports to MLflow. What a notebook itself imports comes from its snapshot, and uv
# installs that into $JUPYTER_MLOPS_CACHE. To have it in the image instead, which starts faster, or for what no package
# index has (drivers, system libraries), build one on top, and end it with `USER 1000` again.
#
# A trial's pod says what it runs, so there is no ENTRYPOINT. It runs as user 1000, in read-only files: pods mount
# something writable at /tmp, $HOME and $JUPYTER_MLOPS_CACHE.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
WORKDIR /src
COPY . .
# Empty files instead of the front end, for there is no JupyterLab; modules are compiled here, as pods can keep nothing.
RUN mkdir -p jupyter_mlops/labextension/static \
    && touch jupyter_mlops/labextension/package.json jupyter_mlops/labextension/static/style.js \
    && python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir .

FROM python:${PYTHON}-slim
RUN useradd --uid 1000 --user-group --create-home worker \
    && install --directory --owner=worker --group=worker /cache
COPY --from=build /opt/venv /opt/venv
# The last one: MLflow says at length that there is no git, which a trial does not need.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    JUPYTER_MLOPS_CACHE=/cache \
    GIT_PYTHON_REFRESH=quiet
# A number: Kubernetes refuses names where it is asked for anybody but root.
USER 1000
WORKDIR /home/worker
CMD ["python"]

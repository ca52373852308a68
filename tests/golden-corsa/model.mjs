// The Corsa API as its published reference and its Python SDK describe it, on NestJS with its usual ValidationPipe.
// Decorators are called as functions, in the order the TypeScript compiler would call them, so nothing is compiled.

import 'reflect-metadata';
import {
  BadRequestException, Body, ConflictException, Controller, ForbiddenException, Get, Module, NotFoundException,
  Param, Post, Put, ServiceUnavailableException, UnauthorizedException, UnprocessableEntityException, UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, IsArray, IsEnum, IsIP, IsISO8601, IsNotEmpty, IsObject, IsOptional, IsString, MaxLength,
  ValidateBy, ValidateNested,
} from 'class-validator';

const DeviceType = { DESKTOP: 'DESKTOP', MOBILE: 'MOBILE', TABLET: 'TABLET', UNKNOWN: 'UNKNOWN' };
const Activity = { ACTIVE: 'ACTIVE', NOT_ACTIVE: 'NOT_ACTIVE' };
const Account = Object.fromEntries([
  'APPLICATION_IN_PROGRESS', 'APPROVED', 'CLOSED_BY_CLIENT', 'FROZEN', 'IN_REVIEW', 'OFF_BOARDED', 'PENDING_DOCUMENTS',
  'PENDING_EDD', 'PENDING_IDV', 'PENDING_SCREENING', 'REJECTED', 'WAITING_FOR_REVIEW',
].map((name) => [name, name]));

/** Declares a property with its decorators, the topmost first. */
function property(of, name, ...decorators) {
  for (const decorator of decorators.reverse()) decorator(of.prototype, name);
}
/** A rule of Holdfast's own, which leaves what is no text to the others. */
const text = (name, pattern, words) => ValidateBy({
  name,
  validator: {
    validate: (value) => typeof value !== 'string' || pattern.test(value),
    defaultMessage: ({ property }) => `${property} must be ${words}`,
  },
});
const isName = () => text('isName', /^[^\p{Cc}]{0,255}$/u, 'at most 255 characters, none of them a control character');
const isClient = () => text('isClient', /^[^/?\p{Cc}]{0,255}$/u, 'at most 255 characters, none of them a slash, a question mark or a control character');
const isReference = () => text('isReference', /^[^/?\p{Cc}]{1,512}$/u, '1 to 512 characters, none of them a slash, a question mark or a control character');

class DeviceDto {}
property(DeviceDto, 'fingerprint', isName(), IsString(), IsNotEmpty());
for (const name of ['userAgent', 'browser', 'browserVersion', 'os', 'osVersion']) {
  property(DeviceDto, name, IsOptional(), IsString());
}
property(DeviceDto, 'deviceType', IsOptional(), IsEnum(DeviceType));
for (const name of ['screenResolution', 'language', 'timezone']) {
  property(DeviceDto, name, IsOptional(), IsString());
}

class CreateSessionDto {}
property(CreateSessionDto, 'clientId', isClient(), IsString(), IsNotEmpty());
property(CreateSessionDto, 'referenceId', IsOptional(), isReference(), IsString());
property(CreateSessionDto, 'ipAddress', IsIP());
property(CreateSessionDto, 'device', IsObject(), ValidateNested(), Type(() => DeviceDto));
property(CreateSessionDto, 'startedAt', IsOptional(), IsISO8601({ strict: true }));

class UpdateSessionDto {}
property(UpdateSessionDto, 'endedAt', IsOptional(), IsISO8601({ strict: true }));

class CreateClientDto {}
class UpdateClientDto {}
for (const of of [CreateClientDto, UpdateClientDto]) {
  property(of, 'referenceId', IsOptional(), isClient(), IsString(), IsNotEmpty());
  property(of, 'alias', IsOptional(), isName(), IsString());
  property(of, 'activityStatus', IsOptional(), IsEnum(Activity));
  property(of, 'accountStatus', IsOptional(), IsEnum(Account));
}
const labels = (of, ...names) => {
  for (const name of names) property(of, name, IsOptional(), IsArray(), ArrayMaxSize(50), MaxLength(255, { each: true }));
};
labels(CreateClientDto, 'tags', 'controls');
labels(UpdateClientDto, 'tagsToAdd', 'tagsToRemove', 'controlsToAdd', 'controlsToRemove');

/** Lets in whoever has the token, and answers for the rest of what a credential can be. */
class Guard {
  canActivate(context) {
    const bearer = context.switchToHttp().getRequest().headers.authorization;
    if (bearer === 'Bearer golden:token') return true;
    if (bearer === 'Bearer golden:reader') throw new ForbiddenException('the credential lacks the scope sessions:write');
    throw new UnauthorizedException();
  }
}

/** What stands for the rest of the service: the answers that only a session or a client leads to. */
const failures = {
  'no-session': () => new NotFoundException('Session not found'),
  'no-client': () => new NotFoundException('Client not found'),
  'ends-before-it-starts': () => new BadRequestException(['endedAt must not be before startedAt']),
  'still-running': () => new ConflictException('A request with this Idempotency-Key is still running'),
  'other-body': () => new UnprocessableEntityException('Idempotency-Key was used with another request'),
  'is-broken': () => new Error('a bug'),
  'is-away': () => new ServiceUnavailableException(),
};

const time = (text) => (typeof text === 'string' ? new Date(text).toISOString() : text);

class Corsa {
  ingest(body) { return { ...body, startedAt: time(body.startedAt) }; }
  fetch(id) { if (failures[id]) throw failures[id](); return { id }; }
  update(id, body) { if (failures[id]) throw failures[id](); return { endedAt: time(body.endedAt) }; }
  list(id) { if (failures[id]) throw failures[id](); return []; }
  store(body) { return body; }
  change(id, body) { if (failures[id]) throw failures[id](); return body; }
}

function route(name, verb, types, ...parameters) {
  const descriptor = Object.getOwnPropertyDescriptor(Corsa.prototype, name);
  verb(Corsa.prototype, name, descriptor);
  parameters.forEach((decorator, at) => decorator(Corsa.prototype, name, at));
  Reflect.defineMetadata('design:paramtypes', types, Corsa.prototype, name);
}
route('ingest', Post('sessions'), [CreateSessionDto], Body());
route('fetch', Get('sessions/:id'), [String], Param('id'));
route('update', Put('sessions/:id'), [String, UpdateSessionDto], Param('id'), Body());
route('list', Get('clients/:clientId/sessions'), [String], Param('clientId'));
route('store', Post('clients/individuals'), [CreateClientDto], Body());
route('change', Put('clients/individuals/:clientId'), [String, UpdateClientDto], Param('clientId'), Body());
UseGuards(Guard)(Corsa);
Controller('v1')(Corsa);

class App {}
Module({ controllers: [Corsa] })(App);

/** The running application; `whitelist` drops what no property asked for, so that answers show what was read. */
export async function start() {
  const app = await NestFactory.create(App, { logger: false });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true }));
  await app.listen(0, '127.0.0.1');
  return app;
}
